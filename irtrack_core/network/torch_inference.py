"""The network at work on torch: the reference of all backends, and the only one for other devices than the processor."""

import copy
import os

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# a fork takes OpenMP's record of its threads along and not the threads, for which the child would wait for ever
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def device(name=None):
    """The device to compute on: `name` if given, else cuda or mps where there is one, else cpu.

    Raises ValueError for a device that this machine or this build of torch does not have.
    """
    there = {"cpu": 1, "cuda": torch.cuda.device_count() * torch.cuda.is_available()}
    there["mps"] = int(torch.backends.mps.is_available())
    if name is None:
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    try:
        where = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"{name!r} names no device: use one of {', '.join(there)}") from error
    if (where.index or 0) >= there.get(where.type, 1):
        raise ValueError(f"torch finds no device {name!r} here: leave it out, or use 'cpu'")
    return where


def fold_batch_norms(net):
    """A copy of `net` for inference in which no batch norm follows a convolution directly: its scale and shift are the
    convolution's own. The same function up to rounding."""
    net = copy.deepcopy(net).eval().requires_grad_(False)
    for module in [m for m in net.modules() if isinstance(m, nn.Sequential)]:
        for i in range(len(module) - 1):
            if isinstance(module[i], nn.Conv2d) and isinstance(module[i + 1], nn.BatchNorm2d):
                module[i], module[i + 1] = fuse_conv_bn_eval(module[i], module[i + 1]), nn.Identity()
    return net


class SearchBranch(nn.Module):
    """crop (K, inputs, S, S) and the template's kernels -> probability of target (K, m, n, n), deltas (K, 4, m, n, n)."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, crop, *kernels):
        r_2m, r_4m = (r.float() for r in self.net.search(crop, kernels))  # in bf16 a sigmoid has few values near 1
        m = self.net.settings.m
        # by slices rather than by reshaping: an exported graph then takes crops of any size
        deltas = torch.stack([r_4m[:, i * m : (i + 1) * m] for i in range(4)], dim=1)
        return torch.sigmoid(r_2m[:, m:] - r_2m[:, :m]), deltas


class TorchEngine:
    """The engine of a SiameseNet on torch; see `inference.engine`."""

    backend = "torch"

    def __init__(self, net, precision="f32", *, device_name="cpu"):
        self.precision, self.device, self.threads = precision, device(device_name), torch.get_num_threads()
        # channels last: the layout in which small convolutions and pools run about twice as fast on a CPU
        self.net = fold_batch_norms(net).to(self.device, memory_format=torch.channels_last)
        self.branch = SearchBranch(self.net)
        if precision == "bf16":
            self.branch = SearchBranch(copy.deepcopy(self.net).to(torch.bfloat16))

    def template(self, crop):
        """Take the target that the template crop (inputs, T, T) float32 shows."""
        with torch.inference_mode():
            self.kernels = self.net.template(torch.from_numpy(crop)[None].to(self.device))

    def takes(self, side):
        """True: a SiameseNet takes search crops of any side."""
        return True

    def search(self, crops, kernels=None):
        """(scores (K, m, n, n), deltas (K, 4, m, n, n)), float32, of search crops (K, inputs, S, S) float32.

        kernels: of K templates, one for each crop; None: all crops are searched for the target of the last `template`.
        """
        kind = torch.bfloat16 if self.precision == "bf16" else torch.float32
        with torch.inference_mode():
            kernels = [
                torch.as_tensor(kernel, device=self.device).to(kind).expand(len(crops), *kernel.shape[1:])
                for kernel in (self.kernels if kernels is None else kernels)
            ]
            results = self.branch(torch.from_numpy(crops).to(self.device, kind), *kernels)
            return tuple(result.cpu().numpy() for result in results)
