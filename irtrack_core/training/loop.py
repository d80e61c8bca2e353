"""Training, eq. (12): a plain loop of stochastic gradient descent, with checkpoints and exact resume."""

import warnings
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from irtrack_core.config import NetworkSettings, TrainingSettings
from irtrack_core.network.losses import logistic_loss, regression_loss
from irtrack_core.network.siamese_net import SiameseNet, foreground
from irtrack_core.network.torch_inference import device
from irtrack_core.network.weights import read_tensors, remove_parts, write_tensors
from irtrack_core.provenance import provenance


def precision(name, where):
    """The type convolutions are computed in on the device `where`: torch.bfloat16, or None for plain float32.

    "auto" takes bfloat16 on a GPU that has it. Not on a CPU: only those with matrix units (AMX) gain by it, others lose.
    """
    # older cards can only imitate it, more slowly than float32
    on_gpu = where.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if name == "bfloat16" or (name == "auto" and on_gpu) else None


def new_net(settings: NetworkSettings, seed=0):
    """A SiameseNet with weights drawn from `seed` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SiameseNet(settings)


def learning_rates(settings: TrainingSettings):
    """(iterations,) rates from lr_first to lr_last, spaced as lr_decay says."""
    spaced = np.geomspace if settings.lr_decay == "log" else np.linspace
    return spaced(settings.lr_first, settings.lr_last, settings.iterations)


class _Batches(Dataset):
    """Batch k of a PairSampler, for DataLoader workers: the answer does not depend on who computes it."""

    def __init__(self, sampler, size, first, last):
        self.sampler, self.size, self.first, self.last = sampler, size, first, last

    def __len__(self):
        return self.last - self.first

    def __getitem__(self, index):
        return [torch.from_numpy(np.ascontiguousarray(a)) for a in self.sampler.batch(self.first + index, self.size)]


def step(net, batch, settings: TrainingSettings):
    """The two losses of one batch: eq. (11), and the smooth-L1 of the regression branch. No gradient step is taken.

    A net without region selection has no boxes to learn: its second loss is 0. What a batch holds after template, search,
    labels and offsets is given to the net too.
    """
    template, search, q, target, *more = batch
    kind = precision(settings.precision, template.device)
    with torch.autocast(template.device.type, kind) if kind else nullcontext():
        r_2m, r_4m = net(template, search, *more)
    z = foreground(r_2m.float())  # the losses are always computed in float32
    options = dict(base=settings.loss_base, mean=settings.loss_mean, hardest=settings.hardest)
    classification = logistic_loss(z, q, balanced=settings.balanced, **options)
    if r_4m is None:
        return classification, torch.zeros_like(classification)
    deltas = r_4m.float().unflatten(1, (4, -1))  # (B, 4, m, n, n)
    return classification, regression_loss(deltas, target, q == 1, beta=settings.regression_beta)


def freeze_statistics(net):
    """Let every batch norm use its stored statistics, as a tracker does; its scale and shift still learn."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()


def train(
    net, sampler, settings, *, checkpoint=None, workers=0, device_name=None, progress=True, stop_after=None, watch=None
):
    """Train `net` in place on pairs from `sampler`; returns the history, one row an iteration.

    settings: TrainingSettings. checkpoint: a path that is written every `checkpoint_every` iterations, and resumed from
    when it exists; after an interruption the rest runs as if nothing had happened: on a CPU to the same bits, while
    some kernels of a GPU add in any order.
    workers: processes that prepare batches. stop_after: stop (with a checkpoint) after this many iterations in all.
    watch: called with the history so far after each iteration, to draw it while it grows.
    Columns of the history: iteration, lr, loss, classification, regression.
    Raises ValueError when the checkpoint was made with other settings or another seed of the pairs, FloatingPointError when
    the loss is not finite.
    """
    where = device(device_name)
    net.to(where, memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(
        net.parameters(), lr=settings.lr_first, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    rates, history = learning_rates(settings), []
    if checkpoint is not None:
        made = provenance()
        remove_parts(checkpoint)  # of a run that was killed while it wrote
        if Path(checkpoint).is_file():
            history = _resume(checkpoint, net, optimizer, settings, sampler)
    first = len(history)
    last = max(first, min(settings.iterations, stop_after or settings.iterations))
    loader = DataLoader(
        _Batches(sampler, settings.batch, first, last),
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_one_thread,
        pin_memory=where.type == "cuda",
    )
    bar = tqdm(loader, total=last, initial=first, desc="training", disable=not progress, mininterval=1.0)
    for index, batch in enumerate(bar, start=first):
        for group in optimizer.param_groups:
            group["lr"] = rates[index]
        if index >= settings.freeze * settings.iterations:
            freeze_statistics(net)
        batch = [part.to(where, non_blocking=True) for part in batch]
        batch[:2] = [crops.contiguous(memory_format=torch.channels_last) for crops in batch[:2]]
        classification, regression = step(net, batch, settings)
        loss = classification + settings.regression_weight * regression
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss.item()} at iteration {index}: lower lr_first or clip")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), settings.clip)
        optimizer.step()
        history.append([float(rates[index]), loss.item(), classification.item(), regression.item()])
        if progress and index % 10 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")
        if watch is not None:
            watch(_table(history))
        if checkpoint is not None and ((index + 1) % settings.checkpoint_every == 0 or index + 1 == last):
            _save(checkpoint, net, optimizer, settings, sampler, history, made)
    net.eval()
    return _table(history)


def _table(history):
    table = pd.DataFrame(history, columns=["lr", "loss", "classification", "regression"])
    table.insert(0, "iteration", np.arange(len(table)))
    return table


def _one_thread(_):
    # threads of two workers on two cores only get in each other's way
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _save(path, net, optimizer, settings, sampler, history, made):
    tensors = {f"net.{name}": tensor for name, tensor in net.state_dict().items()}
    for name, parameter in net.named_parameters():
        buffer = optimizer.state[parameter].get("momentum_buffer")
        if buffer is not None:
            tensors[f"momentum.{name}"] = buffer
    metadata = {"network": net.settings.model_dump(mode="json"), "training": settings.model_dump(mode="json")}
    metadata |= {"sampler_seed": getattr(sampler, "seed", None), "provenance": made}
    write_tensors(path, tensors, metadata | {"history": history})


def _resume(path, net, optimizer, settings, sampler):
    tensors, metadata = read_tensors(path)
    tensors = {name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}
    for key, mine in (("network", net.settings), ("training", settings)):
        theirs = type(mine)(**metadata.get(key, {}))  # a setting that is newer than the checkpoint has its default
        differ = sorted(name for name, value in mine if getattr(theirs, name) != value)
        if differ:
            raise ValueError(
                f"the checkpoint {path} was made with other {key} settings ({', '.join(differ)}): "
                "use the same settings, or another checkpoint path to start afresh"
            )
    seed, mine = metadata.get("sampler_seed"), getattr(sampler, "seed", None)
    if seed is not None and seed != mine:
        raise ValueError(
            f"the checkpoint {path} was made on pairs of seed {seed}, not {mine}: use that seed, or another path"
        )
    torch_then = metadata.get("provenance", {}).get("versions", {}).get("torch", torch.__version__)
    if torch_then != torch.__version__:
        warnings.warn(
            f"the checkpoint {path} was made with torch {torch_then}, this is {torch.__version__}: the result will be as "
            "good, but not the same to the bit",
            stacklevel=3,
        )
    net.load_state_dict({name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")})
    for name, parameter in net.named_parameters():
        if f"momentum.{name}" in tensors:
            optimizer.state[parameter]["momentum_buffer"] = tensors[f"momentum.{name}"].to(parameter.device)
    return metadata["history"]
