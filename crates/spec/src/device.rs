//! What trains the networks.

use crate::word::words;

words! {
    /// What backbones and reconstructors are trained on, and features computed. All else runs on the CPU.
    #[derive(Default)]
    pub enum Device of "device" {
        /// The CPU: results are the same byte for byte in every run.
        #[default]
        Cpu = "cpu",
        /// An NVIDIA card, by its own driver.
        Cuda = "cuda",
        /// Any card that Vulkan, Metal or DirectX 12 reaches.
        Wgpu = "wgpu",
    }
}
