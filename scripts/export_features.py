#!/usr/bin/env python3
"""Features of your images by a network of torchvision, timm or Hugging Face, for Rhea.

    python3 scripts/export_features.py torchvision:resnet50 IMAGES --out cats
    python3 scripts/export_features.py timm:vit_base_patch16_clip_224.openai IMAGES --out cats
    python3 scripts/export_features.py hf:facebook/dinov2-base IMAGES --out cats

IMAGES holds one folder a class. Written are `cats.safetensors` (features and labels) and
`cats-images.npy` (the same images in the same order, `--side` high and wide), which a config takes as

    target: { paired: { features: cats.safetensors, images: cats-images.npy } }

With `--onnx cats.onnx` the network itself is written too, for `backbone: { onnx: ... }`; the line
to put into the config is printed. Needs torch, pillow, safetensors and the library of the model.
"""

import argparse
import pathlib

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def load(name, size):
    """A module from images to features, the images' size, and their mean and deviation."""
    source, _, model = name.partition(":")
    if source == "torchvision":
        import torchvision

        net = torchvision.models.get_model(model, weights="DEFAULT")
        # The last linear layer tells the source's classes apart; features are what it takes.
        head = [key for key, part in net.named_modules() if isinstance(part, torch.nn.Linear)][-1]
        parent, _, last = head.rpartition(".")
        setattr(net.get_submodule(parent), last, torch.nn.Identity())
        return net, size or 224, IMAGENET
    if source == "timm":
        import timm

        net = timm.create_model(model, pretrained=True, num_classes=0)
        config = timm.data.resolve_data_config({}, model=net)
        return net, size or config["input_size"][-1], (config["mean"], config["std"])
    if source == "hf":
        from transformers import AutoImageProcessor, AutoModel

        net, how = AutoModel.from_pretrained(model), AutoImageProcessor.from_pretrained(model)
        return Pooled(net), size or net.config.image_size, (how.image_mean, how.image_std)
    raise SystemExit(f"{name}: expected torchvision:MODEL, timm:MODEL or hf:MODEL")


class Pooled(torch.nn.Module):
    """The pooled output of a Hugging Face vision model, or its first token."""

    def __init__(self, net):
        super().__init__()
        self.net = net.vision_model if hasattr(net, "vision_model") else net

    def forward(self, pixels):
        out = self.net(pixel_values=pixels)
        pooled = getattr(out, "pooler_output", None)
        return out.last_hidden_state[:, 0] if pooled is None else pooled.flatten(1)


def pictures(folder):
    classes = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_dir())
    for label, each in enumerate(classes):
        for path in sorted(each.iterdir()):
            if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
                yield path, label


def square(path, side):
    """The middle square at the wanted size, as Rhea's own readers cut it."""
    image = Image.open(path).convert("RGB")
    cut = min(image.size)
    left, top = (image.width - cut) // 2, (image.height - cut) // 2
    image = image.crop((left, top, left + cut, top + cut))
    return np.asarray(image.resize((side, side), Image.BILINEAR))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="torchvision:MODEL, timm:MODEL or hf:MODEL")
    parser.add_argument("images", help="a folder of one folder a class")
    parser.add_argument("--out", required=True, help="the start of the written files' names")
    parser.add_argument("--side", type=int, default=64, help="of the images that are kept")
    parser.add_argument("--size", type=int, help="of the images that the network sees")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--onnx", help="also write the network here")
    options = parser.parse_args()

    net, size, (mean, std) = load(options.model, options.size)
    net.eval()
    found = list(pictures(options.images))
    if not found:
        raise SystemExit(f"{options.images}: no folder in it holds a .png or .jpg")
    mean, std = (torch.tensor(x, dtype=torch.float32).view(3, 1, 1) for x in (mean, std))
    features, kept = [], []
    for start in range(0, len(found), options.batch):
        batch = found[start : start + options.batch]
        seen = np.stack([square(path, size) for path, _ in batch])
        pixels = torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            features.append(net((pixels - mean) / std).float().numpy())
        kept += [square(path, options.side) for path, _ in batch]
        print(f"{start + len(batch)} of {len(found)}", end="\r", flush=True)
    features = np.concatenate(features)
    labels = np.array([label for _, label in found], np.int64)
    save_file({"features": features, "labels": labels}, f"{options.out}.safetensors")
    np.save(f"{options.out}-images.npy", np.stack(kept))
    print(f"{len(features)} x {features.shape[1]} features, {labels.max() + 1} classes")
    if options.onnx:
        torch.onnx.export(
            net,
            (torch.zeros(2, 3, size, size),),
            options.onnx,
            input_names=["images"],
            output_names=["features"],
            dynamic_axes={"images": {0: "batch"}, "features": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
        byte = lambda values: [round(float(x) * 255, 4) for x in values.flatten()]
        print(
            f"backbone: {{ onnx: {{ file: {options.onnx}, output: features, input: "
            f"{{ size: {size}, mean: {byte(mean)}, std: {byte(std)} }} }} }}"
        )


if __name__ == "__main__":
    main()
