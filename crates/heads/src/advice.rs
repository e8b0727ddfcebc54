//! What a tensor that is no weight or bias probably belongs to, and how to save a head without it.

/// A part of a tensor's name, and what to do about it.
const KNOWN: [(&[&str], &str); 7] = [
    (
        &["running_mean", "running_var", "num_batches_tracked"],
        "a batch norm belongs into the layer after it: W' = W·diag(γ/√(var + eps)), b' = b + \
         W·(β − γ·mean/√(var + eps)); save W' and b'",
    ),
    (
        &["norm", "layernorm", "ln", "bn"],
        "a layer norm is no part of a linear layer: apply it to the features before they are \
         classified, and save the layer alone",
    ),
    (
        &[
            "lora_",
            "adapter",
            "ia3_",
            "vera_",
            "original_module",
            "modules_to_save",
            "base_layer",
        ],
        "merge the adapter into the layer first (PEFT: `model.merge_and_unload()`) and save its \
         state dict",
    ),
    (
        &["weight_g", "weight_v", "weight_orig", "parametrizations"],
        "take the parametrization off first \
         (`torch.nn.utils.parametrize.remove_parametrizations(layer, \"weight\")`)",
    ),
    (
        &[
            "qweight",
            "qzeros",
            "absmax",
            "quant_",
            "zero_point",
            "scb",
            "packed_params",
            "weight_scale",
            "input_scale",
            "g_idx",
        ],
        "save the head before it is quantised: protecting it quantises it by itself",
    ),
    (
        &["logit_scale", "scale", "temperature", "gamma", "sigma"],
        "multiply the scale into weight and bias before saving",
    ),
    (
        &["mean", "std"],
        "fold the standardisation into the layer: W' = W·diag(1/std), b' = b − W'·mean; save W' \
         and b'",
    ),
];

/// What to do about a tensor of this name; none where the name says nothing.
pub(crate) fn advice(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    KNOWN
        .iter()
        .find(|(parts, _)| parts.iter().any(|part| matches(&name, part)))
        .map(|(_, hint)| *hint)
}

/// Whether a component of the name is `part`, or holds it where the part ends or is joined by `_`.
fn matches(name: &str, part: &str) -> bool {
    let mut components = name.split('.');
    if part.contains('_') {
        return components.any(|component| component.contains(part));
    }
    components.any(|component| component == part || component.ends_with(&format!("_{part}")))
}
