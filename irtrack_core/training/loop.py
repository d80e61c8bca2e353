"""Training, eq. (12): a plain loop of stochastic gradient descent, with checkpoints and exact resume."""

import sys
import warnings
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from irtrack_core.config import NetworkSettings, TrainingSettings
from irtrack_core.network.distance_head import distance_losses
from irtrack_core.network.losses import logistic_loss, regression_loss
from irtrack_core.network.siamese_net import SiameseNet, foreground
from irtrack_core.network.torch_inference import device
from irtrack_core.network.weights import read_tensors, write_tensors
from irtrack_core.provenance import provenance
from irtrack_core.training.sgd import SGD
from irtrack_core.whole_files import remove_abandoned


def precision(name, where):
    """The type convolutions are computed in on the device `where`: torch.bfloat16, or None for plain float32.

    "auto" takes bfloat16 on a GPU that has it. Not on a CPU: those without AMX or AVX-512 BF16 lose by it.
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


def _batches(sampler, size, numbers, workers, where):
    """An iterator over the sampler's batches of these numbers, as tensors, prepared by `workers` processes if any."""
    loader = DataLoader(
        numbers,
        batch_size=None,
        collate_fn=partial(_batch, sampler, size),
        num_workers=workers,
        worker_init_fn=_one_thread,
        pin_memory=where.type == "cuda",
        # forked workers share the sequences with this process; elsewhere a sampler has to be pickled
        multiprocessing_context="fork" if workers and sys.platform == "linux" else None,
    )
    threads = cv2.getNumThreads()
    if workers:
        # a fork copies OpenCV's record of its threads and not the threads, for which the worker would wait for ever; only
        # the number 1, and not 0, ends them
        cv2.setNumThreads(1)
    try:
        return iter(loader)
    finally:
        cv2.setNumThreads(threads)


def _batch(sampler, size, number):
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in sampler.batch(number, size)]


def _one_thread(_):
    # threads of two workers on two cores only get in each other's way
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def batch_losses(net, batch, settings: TrainingSettings):
    """(classification, regression): the losses of one batch, eq. (11) and the smooth-L1 of the box offsets, with gradients.

    batch: tensors template, search, labels, deltas, and whatever else the net takes. A net without region selection has no
    boxes to learn: its second loss is 0. The head "fcpp" has losses of its own: `distance_losses`.
    """
    template, search, q, target, *more = batch
    kind = precision(settings.precision, template.device)
    if getattr(net.settings, "head", None) == "fcpp" and net.settings.region:
        with torch.autocast(template.device.type, kind) if kind else nullcontext():
            answers = net.region.answers(net.features(search), net.template(template))
        return distance_losses(*(part.float() for part in answers), q, target)
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
    optimizer = SGD(net.parameters(), momentum=settings.momentum, weight_decay=settings.weight_decay)
    kept = None if checkpoint is None else _Checkpoint(checkpoint, net, optimizer, settings, sampler)
    history = kept.resume() if kept else []
    first, rates = len(history), learning_rates(settings)
    last = max(first, min(settings.iterations, stop_after or settings.iterations))
    batches = _batches(sampler, settings.batch, range(first, last), workers, where)
    bar = tqdm(batches, total=last, initial=first, desc="training", disable=not progress, mininterval=1.0)
    for index, batch in enumerate(bar, start=first):
        if index >= settings.freeze * settings.iterations:
            freeze_statistics(net)
        losses = _descend(net, optimizer, [part.to(where, non_blocking=True) for part in batch], settings, index, rates)
        history.append([float(rates[index]), *losses])
        if progress and index % 10 == 0:
            bar.set_postfix(loss=f"{losses[0]:.3f}")
        if watch is not None:
            watch(_table(history))
        if kept and ((index + 1) % settings.checkpoint_every == 0 or index + 1 == last):
            kept.save(history)
    net.eval()
    return _table(history)


def _descend(net, optimizer, batch, settings, index, rates):
    """One step of gradient descent; returns the losses of the batch before it: their sum, classification, regression."""
    batch[:2] = [crops.contiguous(memory_format=torch.channels_last) for crops in batch[:2]]
    classification, regression = batch_losses(net, batch, settings)
    loss = classification + settings.regression_weight * regression
    if not torch.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss.item()} at iteration {index}: lower lr_first or clip")
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), settings.clip)
    optimizer.step(float(rates[index]))
    return loss.item(), classification.item(), regression.item()


def _table(history):
    table = pd.DataFrame(history, columns=["lr", "loss", "classification", "regression"])
    table.insert(0, "iteration", np.arange(len(table)))
    return table


class _Checkpoint:
    """The file that a training writes as it runs and goes on from."""

    def __init__(self, path, net, optimizer, settings, sampler):
        self.path, self.net, self.optimizer, self.provenance = path, net, optimizer, provenance()
        self.settings = {"network": net.settings, "training": settings}
        self.seed = getattr(sampler, "seed", None)

    def save(self, history):
        """Write weights, momentum and history, with the settings they belong to."""
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        for name, parameter in self.net.named_parameters():
            buffer = self.optimizer.momenta.get(parameter)
            if buffer is not None:
                tensors[f"momentum.{name}"] = buffer
        metadata = {key: settings.model_dump(mode="json") for key, settings in self.settings.items()}
        metadata |= {"sampler_seed": self.seed, "provenance": self.provenance, "history": history}
        write_tensors(self.path, tensors, metadata)

    def resume(self):
        """The history so far, once net and optimizer are as they were then; [] where nothing was written."""
        remove_abandoned(self.path)  # of a run that was killed while it wrote
        if not Path(self.path).is_file():
            return []
        tensors, metadata = read_tensors(self.path)
        self._check(metadata)
        tensors = {name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}
        self.net.load_state_dict({name[4:]: tensor for name, tensor in tensors.items() if name.startswith("net.")})
        for name, parameter in self.net.named_parameters():
            if f"momentum.{name}" in tensors:
                self.optimizer.momenta[parameter] = tensors[f"momentum.{name}"].to(parameter.device)
        return metadata["history"]

    def _check(self, metadata):
        """Raises ValueError for a checkpoint of another training; warns of one that another torch wrote."""
        for key, mine in self.settings.items():
            theirs = type(mine)(**metadata.get(key, {}))  # a setting that is newer than the checkpoint has its default
            differ = sorted(name for name, value in mine if getattr(theirs, name) != value)
            if differ:
                raise ValueError(
                    f"the checkpoint {self.path} was made with other {key} settings ({', '.join(differ)}): "
                    "use the same settings, or another checkpoint path to start afresh"
                )
        seed = metadata.get("sampler_seed")
        if seed is not None and seed != self.seed:
            raise ValueError(
                f"the checkpoint {self.path} was made on pairs of seed {seed}, not {self.seed}: "
                "use that seed, or another path"
            )
        torch_then = metadata.get("provenance", {}).get("versions", {}).get("torch", torch.__version__)
        if torch_then != torch.__version__:
            warnings.warn(
                f"the checkpoint {self.path} was made with torch {torch_then}, this is {torch.__version__}: "
                "the result will be as good, but not the same to the bit",
                stacklevel=4,
            )
