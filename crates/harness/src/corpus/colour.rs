//! The colour of images whose files would decide it: that of the data they are used with.

use config::experiment::{Backbone, Data, DatasetSpec, ImportedArchitecture};
use datasets::Colour;

/// What the source is brought to before a backbone is trained on it; none where its kind or its
/// files decide.
pub fn of_source(data: &Data) -> Option<Colour> {
    let source = data.source.as_ref()?;
    source
        .colour_is_free()
        .then(|| known([Some(&data.target), data.public.as_ref()]))?
}

/// What target and public images are brought to where their files would decide, as far as it is
/// known before there is a backbone.
pub fn before_the_backbone(data: &Data, backbone: &Backbone) -> Option<Colour> {
    match backbone {
        Backbone::Imported {
            architecture: ImportedArchitecture::Resnet20 | ImportedArchitecture::MobilenetV1025,
            ..
        } => Some(Colour::Rgb),
        Backbone::VggTiny { .. } => known([
            data.source.as_ref(),
            Some(&data.target),
            data.public.as_ref(),
        ]),
        Backbone::Imported { .. } | Backbone::Onnx(_) | Backbone::Features => {
            known([Some(&data.target), data.public.as_ref()])
        }
    }
}

/// The colour of the first of `specs` that has one whatever its files hold.
fn known<'a>(specs: impl IntoIterator<Item = Option<&'a DatasetSpec>>) -> Option<Colour> {
    let images = |spec: &DatasetSpec| spec.describe().images?.channels;
    specs.into_iter().flatten().find_map(images).map(Colour::of)
}
