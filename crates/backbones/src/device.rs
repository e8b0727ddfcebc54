//! The devices that networks run on.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor};

use crate::BackboneError;

/// The card of this process, once one is taken.
static CARD: OnceLock<Card> = OnceLock::new();

/// A card that long runs go to.
#[derive(Clone, Debug)]
pub struct Card {
    /// How it is reached.
    pub kind: spec::Device,
    /// What it calls itself: a driver in software, which computes on the CPU, says so here.
    pub name: String,
    /// The device.
    pub device: Device,
}

/// The device that networks run on: the CPU.
pub fn device() -> Device {
    Device::flex()
}

/// The card on which long runs go, where the process has taken one: the training of backbones and of
/// reconstructors, and features. Everything else stays on the CPU.
pub fn card() -> Option<&'static Card> {
    CARD.get()
}

/// Where long runs go: the card, else the CPU.
pub(crate) fn card_or_cpu() -> Device {
    card().map_or_else(device, |card| card.device.clone())
}

/// Takes a device for the long runs of this process.
///
/// # Errors
/// If this build has no support of such a card, or none computes here.
pub fn train_on(wanted: spec::Device) -> Result<(), BackboneError> {
    let refused = |reason| BackboneError::Card {
        card: wanted.word(),
        reason,
    };
    if wanted == spec::Device::Cpu {
        return Ok(());
    }
    let device = reached(wanted).ok_or_else(|| {
        let feature = wanted.word();
        refused(format!(
            "this build has none: build with `--features {feature}`"
        ))
    })?;
    computes(&device).map_err(refused)?;
    // Whoever came first took the same: there is one command line.
    CARD.get_or_init(|| Card {
        kind: wanted,
        name: name(&device).unwrap_or_else(|| format!("{device:?}")),
        device,
    });
    Ok(())
}

/// The first such device, where this build reaches them.
fn reached(wanted: spec::Device) -> Option<Device> {
    match wanted {
        spec::Device::Cpu => Some(device()),
        #[cfg(feature = "cuda")]
        spec::Device::Cuda => Some(Device::cuda(0)),
        #[cfg(not(feature = "cuda"))]
        spec::Device::Cuda => None,
        #[cfg(feature = "wgpu")]
        spec::Device::Wgpu => Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(not(feature = "wgpu"))]
        spec::Device::Wgpu => None,
    }
}

/// What a device calls itself, where it says.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn name(device: &Device) -> Option<String> {
    device.identity().map(|it| it.name)
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
fn name(_: &Device) -> Option<String> {
    None
}

/// Whether a device gets a small product right, else why not.
fn computes(device: &Device) -> Result<(), String> {
    // A driver that cannot be loaded, or a card that does not answer, ends as a panic.
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let answer = std::panic::catch_unwind(|| {
        let two = Tensor::<1>::from_data([2.0_f32], device);
        (two.clone() * two).try_into_scalar::<f32>()
    });
    std::panic::set_hook(report);
    match answer {
        Ok(Ok(4.0)) => Ok(()),
        Ok(Ok(other)) => Err(format!("it says that 2 × 2 is {other}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(text.unwrap_or("its driver does not answer").into())
        }
    }
}
