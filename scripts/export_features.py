#!/usr/bin/env python3
"""Features of your images by your network, with the images, for Rhea.

    python3 scripts/export_features.py torchvision:resnet50 public private
    python3 scripts/export_features.py timm:vit_base_patch16_clip_224.openai public private
    python3 scripts/export_features.py hf:facebook/dinov2-base public private
    python3 scripts/export_features.py mine.py:network public private

`public` and `private` are folders of one folder a class. `mine.py:network` is a function of your own
without arguments that gives a torch module from normalised images to features. Written are, for each
folder, `data/public.safetensors` (features and labels) and `data/public-images.npy` (the images in the
same order, `--side` high and wide), which a config takes as

    target: { paired: { features: public.safetensors, images: public-images.npy } }

With `--onnx data/mine.onnx` the network itself is written too, and the line printed that a config takes
it by. Needs torch, pillow, safetensors and the library of the network.
"""

import argparse
import importlib.util
import pathlib
import sys
import warnings

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


def load(name, random):
    """A module from images to features, the images' side, and their mean and deviation in [0, 1]."""
    source, _, model = name.partition(":")
    if source == "torchvision":
        import torchvision

        net = torchvision.models.get_model(model, weights=None if random else "DEFAULT")
        # The last linear layer tells the source's classes apart; features are what it takes.
        head = [key for key, part in net.named_modules() if isinstance(part, torch.nn.Linear)][-1]
        parent, _, last = head.rpartition(".")
        setattr(net.get_submodule(parent), last, torch.nn.Identity())
        return net, 224, IMAGENET
    if source == "timm":
        import timm

        net = timm.create_model(model, pretrained=not random, num_classes=0)
        config = timm.data.resolve_data_config({}, model=net)
        return net, config["input_size"][-1], (config["mean"], config["std"])
    if source == "hf":
        from transformers import AutoConfig, AutoImageProcessor, AutoModel

        settings = AutoConfig.from_pretrained(model)
        net = AutoModel.from_config(settings) if random else AutoModel.from_pretrained(model)
        how = AutoImageProcessor.from_pretrained(model)
        settings = getattr(settings, "vision_config", settings)
        return Pooled(net), settings.image_size, (how.image_mean, how.image_std)
    if source.endswith(".py") and model:
        spec = importlib.util.spec_from_file_location("network", source)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, model)(), 224, IMAGENET
    raise SystemExit(f"{name}: expected torchvision:MODEL, timm:MODEL, hf:MODEL or FILE.py:FUNCTION")


class Pooled(torch.nn.Module):
    """The pooled output of a Hugging Face vision model, or its first token."""

    def __init__(self, net):
        super().__init__()
        self.net = getattr(net, "vision_model", net)

    def forward(self, pixels):
        out = self.net(pixel_values=pixels)
        pooled = getattr(out, "pooler_output", None)
        return out.last_hidden_state[:, 0] if pooled is None else pooled.flatten(1)


def pictures(folder):
    """Paths and labels of the pictures in `folder`: classes are its folders in the order of names."""
    if not folder.is_dir():
        raise SystemExit(f"{folder}: no such folder; expected one that holds a folder a class")
    visible = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    found, left_out = [], 0
    for label, each in enumerate(sorted(visible)):
        files = [path for path in sorted(each.iterdir()) if path.name[0] != "."]
        kept = [(path, label) for path in files if path.suffix.lower() in PICTURES]
        if not kept:
            raise SystemExit(f"{each}: no picture in it ({', '.join(PICTURES)}); a class needs some")
        found += kept
        left_out += len(files) - len(kept)
    if not found:
        raise SystemExit(f"{folder}: no folders in it; expected one a class")
    if left_out:
        print(f"{folder}: {left_out} files are no pictures and left out")
    return found


def square(path, side):
    """The middle square, `side` high and wide."""
    try:
        image = Image.open(path).convert("RGB")
    except OSError as error:
        raise SystemExit(f"{path}: {error}") from error
    cut = min(image.size)
    left, top = (image.width - cut) // 2, (image.height - cut) // 2
    image = image.crop((left, top, left + cut, top + cut))
    return np.asarray(image.resize((side, side), Image.BILINEAR))


def export(net, folder, options, size, mean, std):
    """Writes the features of the pictures in `folder`, and the pictures."""
    found = pictures(folder)
    features, kept = [], []
    for start in range(0, len(found), options.batch):
        batch = found[start : start + options.batch]
        seen = np.stack([square(path, size) for path, _ in batch])
        pixels = torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            rows = net((pixels - mean) / std).float().numpy()
        if rows.shape[:1] + rows.shape[2:] != (len(batch),):
            raise SystemExit(f"the network gives {rows.shape} for {len(batch)} images, not rows")
        if not np.isfinite(rows).all():
            raise SystemExit(f"{batch[0][0]} and the next: features that are not finite")
        features.append(rows)
        kept += [square(path, options.side) for path, _ in batch]
        if sys.stderr.isatty():
            print(f"\r{folder}: {start + len(batch)} of {len(found)} ", end="", file=sys.stderr)
    features = np.concatenate(features)
    labels = np.array([label for _, label in found], np.int64)
    start = options.out / folder.resolve().name
    save_file({"features": features, "labels": labels}, f"{start}.safetensors")
    np.save(f"{start}-images.npy", np.stack(kept))
    print(f"{start}.safetensors: {len(features)} x {features.shape[1]}, {labels.max() + 1} classes")


def write_network(net, path, size, mean, std):
    """Writes the network, and says how a config takes it."""
    # The exporter that needs no further packages, which PyTorch calls its old one.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    torch.onnx.export(
        net,
        (torch.zeros(2, 3, size, size),),
        path,
        input_names=["images"],
        output_names=["features"],
        dynamic_axes={"images": {0: "batch"}, "features": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    of_bytes = lambda values: [round(float(x) * 255, 4) for x in values.flatten()]
    print(
        f"backbone: {{ onnx: {{ file: {path.name}, output: features, input: "
        f"{{ size: {size}, mean: {of_bytes(mean)}, std: {of_bytes(std)} }} }} }}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="torchvision:MODEL, timm:MODEL, hf:MODEL or FILE.py:FUNCTION")
    parser.add_argument("images", nargs="+", type=pathlib.Path, help="folders of one folder a class")
    parser.add_argument("--out", type=pathlib.Path, default="data", help="folder to write to (data)")
    parser.add_argument("--side", type=int, default=64, help="of the images that are kept (64)")
    parser.add_argument("--size", type=int, help="of the images that the network sees (its own)")
    parser.add_argument("--mean", type=float, nargs=3, help="of its pixels in [0, 1] (its own)")
    parser.add_argument("--std", type=float, nargs=3, help="their deviation (its own)")
    parser.add_argument("--batch", type=int, default=32, help="images at once (32)")
    parser.add_argument("--random", action="store_true", help="random weights, to try it out")
    parser.add_argument("--onnx", type=pathlib.Path, help="also write the network here")
    options = parser.parse_args()

    torch.manual_seed(0)
    try:
        net, size, (mean, std) = load(options.model, options.random)
    except ModuleNotFoundError as error:
        raise SystemExit(f"{options.model} needs {error.name}: pip install {error.name}") from error
    net.eval()
    size = options.size or size
    column = lambda values: torch.tensor(values, dtype=torch.float32).view(3, 1, 1)
    mean, std = column(options.mean or mean), column(options.std or std)
    options.out.mkdir(parents=True, exist_ok=True)
    for folder in options.images:
        export(net, folder, options, size, mean, std)
    if options.onnx:
        write_network(net, options.onnx, size, mean, std)


if __name__ == "__main__":
    main()
