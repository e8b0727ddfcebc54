//! Few-shot heads on frozen features: training, DP-SGD and the shadow stream.
