"""The compared methods [8]-[11]: their networks piece by piece, their pairs, and tracking with them."""

import numpy as np
import pytest
import torch
from toys import moving_spot

from irtrack_core import boxes as bx
from irtrack_core import evaluation, trackers
from irtrack_core.config import SamplingSettings, TrackerSettings, TrainingSettings, network_preset
from irtrack_core.datasets import ArrayFrames, Sequence
from irtrack_core.experiments import protocol
from irtrack_core.experiments.compared import notes, train_methods
from irtrack_core.experiments.compared.cost import macs, milliseconds, parameters, untrained
from irtrack_core.experiments.compared.nets import HISTORY, NETS, ComparedSettings, build
from irtrack_core.experiments.compared.pairs import HistorySampler, VisibleSampler, state_rows, with_visible
from irtrack_core.experiments.compared.tracker import ComparedTracker, load_compared
from irtrack_core.network.siamese_net import foreground
from irtrack_core.network.torch_inference import fold_batch_norms
from irtrack_core.network.weights import save_weights
from irtrack_core.training.loop import new_net, train
from irtrack_core.training.sampling import PairSampler

METHODS = sorted(NETS)
TINY = dict(width=0.0625, inputs=("image",))


def tiny(method, **changes):
    return ComparedSettings(**(dict(method=method) | TINY | changes))


def crops(net, batch=2, seed=0):
    g, s = torch.Generator().manual_seed(seed), net.settings
    return [torch.randn(batch, s.planes, size, size, generator=g) for size in (s.template_size, s.search_size)]


def learnt(method, sequence, *, sampler=None, iterations=40, **changes):
    net = build(tiny(method, **changes))
    make = sampler or PairSampler
    options = dict(tracks={(sequence.dataset, sequence.name): sequence.boxes}) if make is HistorySampler else {}
    pairs = make([sequence], net.settings, 17, loose=False, **options)
    history = train(net, pairs, TrainingSettings(iterations=iterations, batch=2, lr_first=0.02), progress=False)
    return net, history


# --- networks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_each_gives_one_score_at_17_x_17_positions(method):
    net = build(tiny(method)).eval()
    template, search = crops(net)
    with torch.no_grad():
        r_2, nothing = net.search(search, net.template(template))
    assert r_2.shape == (2, 2, 17, 17) and nothing is None and net.positions() == 17
    assert (r_2[:, 0] == 0).all() and r_2[:, 1].std() > 0
    assert parameters(net) == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_weights_and_no_draw_from_the_global_generator(method):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    one, two, other = build(tiny(method), 1), build(tiny(method), 1), build(tiny(method), 2)
    assert torch.equal(before, torch.random.get_rng_state())
    pairs = zip(one.state_dict().values(), two.state_dict().values(), other.state_dict().values())
    same = [(torch.equal(a, b), torch.equal(a, c)) for a, b, c in pairs]
    assert all(a for a, _ in same) and not all(b for _, b in same)


def test_siamfc_is_the_correlation_of_the_last_features():
    net = build(tiny("ref8")).eval()
    template, search = crops(net)
    with torch.no_grad():
        z = foreground(net(template, search)[0])
        x, y = net.backbone(template)[2], net.backbone(search)[2]
    naive = (y[1, :, 4:10, 7:13] * x[1]).sum() / x[1].numel() ** 0.5
    assert z[1, 0, 4, 7].item() == pytest.approx(naive.item(), rel=1e-4, abs=1e-5)


def test_macs_of_siamfc_by_hand():
    net = build(ComparedSettings(method="ref8", inputs=("image",)))
    # out side^2 x out channels x in channels x kernel^2 of the five convolutions, on a crop of 255 and of 127
    search = (
        123**2 * 96 * 121 + 57**2 * 256 * 96 * 25 + 26**2 * 384 * 256 * 9 + 24**2 * 384**2 * 9 + 22**2 * 256 * 384 * 9
    )
    template = (
        59**2 * 96 * 121 + 25**2 * 256 * 96 * 25 + 10**2 * 384 * 256 * 9 + 8**2 * 384**2 * 9 + 6**2 * 256 * 384 * 9
    )
    assert macs(net) == (template, search + 17**2 * 256 * 6**2)
    assert macs(new_net(network_preset("paper", width=0.125)))[1] > 0


def test_macs_of_an_lstm_are_counted():
    net = build(tiny("ref9"))
    with_memory = macs(net)[1]
    net.temporal = torch.nn.Identity()
    net.temporal.forward = lambda states: (None, (states.new_zeros(1, len(states), 64), None))
    assert with_memory - macs(net)[1] == 8 * 4 * 64 * (5 + 64)


def test_ref9_starts_with_open_gates_and_a_hill_in_the_middle():
    net = build(tiny("ref9")).eval()
    template, search = crops(net)
    with torch.no_grad():
        z = foreground(net.search(search, net.template(template))[0])
        plain = foreground(net.score.search(net.features(search), net.template(template)[:1])[0])
        hill = (z - plain)[0, 0]
    assert hill.argmax() == 8 * 17 + 8
    assert hill[8, 8].item() == pytest.approx(np.log(2), rel=1e-4)
    # 0.25 of the search side from the middle, width 0.15
    assert (hill[8, 16] / hill[8, 8]).item() == pytest.approx(np.exp(-0.5 * (64 / 255 / 0.15) ** 2), rel=1e-3)


def test_ref9_hill_goes_where_it_is_told():
    net = build(tiny("ref9"))
    hill = net.hill(torch.tensor([[-24 / 255, 16 / 255, 0.0, 1.0]]), 17)[0, 0]
    assert divmod(int(hill.argmax()), 17) == (10, 5)  # rows are y: two cells down, three to the left


def test_ref9_looks_at_its_history():
    net = build(tiny("ref9")).eval()
    template, search = crops(net)
    torch.nn.init.constant_(net.prior.weight, 0.05)
    with torch.no_grad():
        kernel, rest = net.template(template)
        moved = rest + torch.linspace(-0.5, 0, HISTORY)[None, :, None]
        still, moving = (foreground(net.search(search, (kernel, states))[0]) for states in (rest, moved))
    assert rest.shape == (2, HISTORY, 5) and (still - moving).abs().max() > 1e-3


def test_ref10_gradient_stands_for_the_visible_image():
    net = build(tiny("ref10"))
    image = torch.zeros(1, 1, 20, 20)
    image[..., 10:] = 3.0
    second = net.second(image)[0, 0]
    assert second.mean().item() == pytest.approx(0, abs=1e-5) and second.std().item() == pytest.approx(1, abs=0.01)
    assert (second[:, 9:11] > 2).all() and (second[:, :9] < 0).all() and (second[:, 11:] < 0).all()
    slope = torch.arange(20.0).expand(1, 1, 20, 20)
    padded = torch.nn.functional.conv2d(slope, net.sobel)
    assert torch.allclose(padded[0, 0], torch.ones(18, 18)) and torch.allclose(padded[0, 1], torch.zeros(18, 18))


def test_ref10_fuses_all_streams_from_the_bottom_up():
    net = build(tiny("ref10"))
    net(*crops(net))[0].square().sum().backward()
    touched = {
        name.split(".")[0] for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }
    assert {"a", "b", "c", "conv", "score"} <= touched
    fed = [stage.main[0].in_channels for stage in net.c]
    out = [stage.main[0].out_channels for stage in net.c]
    assert fed == [2, *(3 * channels for channels in out[:-1])] and net.conv.in_channels == 3 * out[-1]


def test_ref11_starts_without_warp_and_without_attention():
    net = build(tiny("ref11")).eval()
    feature = torch.randn(2, net.channels, 6, 6)
    with torch.no_grad():
        excited = feature * net.aware.excite(feature.mean(dim=(2, 3)))[..., None, None]
        torch.testing.assert_close(net.aware(feature), excited, atol=1e-5, rtol=1e-5)
        assert torch.equal(net.attention(feature), feature)  # gamma = 0
        net.aware.localiser[-1].bias.data[2] = 2 / 6  # a third of the way from the middle: one cell to the right
        warped = net.aware(feature)[..., 1:4, 1:4]
        assert not torch.allclose(warped, excited[..., 1:4, 1:4])
        torch.testing.assert_close(net.aware.excite[0].in_features, net.channels)


def test_self_attention_equals_the_loop():
    attention = build(tiny("ref11")).attention.double()
    attention.gamma.data.fill_(0.7)
    x = torch.randn(1, attention.value.in_channels, 3, 4, dtype=torch.float64)
    with torch.no_grad():
        got = attention(x)[0].flatten(1)
        q, k, v = (layer(x)[0].flatten(1) for layer in (attention.query, attention.key, attention.value))
        for i in range(12):
            weight = torch.softmax(torch.stack([q[:, i] @ k[:, j] for j in range(12)]), dim=0)
            expected = x[0].flatten(1)[:, i] + 0.7 * sum(weight[j] * v[:, j] for j in range(12))
            torch.testing.assert_close(got[:, i], expected)


def test_ref15_starts_as_siamfc_and_then_weighs_channels_and_places():
    torch.manual_seed(0)
    net = build(tiny("ref15")).eval()
    crop = crops(net)[0]
    with torch.no_grad():
        plain = net.backbone(crop)[-1]
        torch.testing.assert_close(net.features(crop), plain)  # all gates open
        net.attention.channel[-1].bias[1] = np.log(3)  # twice, for the mean and the largest: 2 sigma(2 ln 3) = 1.8
        torch.testing.assert_close(net.features(crop)[:, 1], 1.8 * plain[:, 1])
        torch.testing.assert_close(net.features(crop)[:, 2], plain[:, 2])
        net.attention.channel[-1].bias[1] = 0
        net.attention.place.weight[0, 1, 1, 1] = 1.0  # the largest of a place's channels
        largest = plain.amax(dim=1, keepdim=True)
        expected = plain * 2 * torch.sigmoid(largest - largest.mean(dim=(2, 3), keepdim=True))
        torch.testing.assert_close(net.features(crop), expected)


def test_ref15_cannot_close_all_places_at_once():
    net = build(tiny("ref15")).eval()
    feature = torch.from_numpy(np.random.default_rng(0).normal(size=(3, net.channels, 6, 6))).float()
    with torch.no_grad():
        net.attention.place.weight.fill_(-5.0)  # where the first steps at a rate of 0.05 drove it
        share = (net.attention(feature) / feature).amax(dim=(1, 2, 3))
    assert (share > 1).all()


def test_ref16_adds_the_three_layers_with_weights_of_sum_1():
    net = build(tiny("ref16")).eval()
    crop = crops(net)[1]
    with torch.no_grad():
        maps = net.backbone(crop)
        pooled = [torch.nn.functional.max_pool2d(f, k, 1) for f, k in zip(maps, (5, 3, 1))]
        parts = [layer(f) for layer, f in zip(net.fusion.reduce, pooled)]
        torch.testing.assert_close(net.features(crop), sum(parts) / 3)
        net.fusion.weights[:] = torch.tensor([0.0, np.log(2), -100.0])
        torch.testing.assert_close(net.features(crop), parts[0] / 3 + 2 * parts[1] / 3)


@pytest.mark.parametrize("name", ["ref14", "ref14-filtered"])
def test_ref14_is_the_head_without_anchors_on_the_same_backbone(name, tmp_path):
    net = train_methods.new_network(train_methods.network_settings(name, 0.0625), seed=3)
    assert net.settings.head == "fcpp" and net.settings.inputs == (protocol.parse(name)[1],) and net.positions() == 17
    path = tmp_path / "w.safetensors"
    save_weights(net, path)
    tracker = trackers.create("ref14", weights=path)
    assert tracker.name == "ref14" and tracker.settings == TrackerSettings(**notes.BARE_REGION)
    result = evaluation.run(tracker, moving_spot(4))
    assert np.isfinite(result.boxes).all() and 0 <= tracker.score <= 1
    save_weights(new_net(network_preset("paper", width=0.03125)), path)
    with pytest.raises(ValueError, match="holds weights of up-channel, not of ref14"):
        trackers.create("ref14", weights=path)
    with pytest.raises(FileNotFoundError, match="notebook 07 trains them"):
        trackers.create("ref14", weights=tmp_path / "none.safetensors")


def test_settings_that_cannot_be():
    with pytest.raises(ValueError, match="crops of the preset 'paper'"):
        ComparedSettings(method="ref8", preset="compact")
    with pytest.raises(ValueError, match="only ref10"):
        ComparedSettings(method="ref11", visible=True)
    with pytest.raises(ValueError, match="method"):
        ComparedSettings(method="ref12")


def test_every_method_lists_what_was_assumed():
    assert set(notes.ASSUMPTIONS) == set(notes.TITLES) == {*NETS, "ref3", "ref4", "ref12", "ref14"}
    assert all(len(lines) >= 2 and all(line.endswith(".") for line in lines) for lines in notes.ASSUMPTIONS.values())
    assert "reconstruction" in notes.CAPTION


@pytest.mark.parametrize(
    "name", ["paper", "ref8", "ref9-filtered", "ref12", "ref12-filtered", "ref14", "ref15-filtered"]
)
def test_what_a_frame_costs_is_measured_with_random_weights(name):
    sequence = moving_spot(frames=5)
    tracker = untrained(name, 0.0625)
    assert tracker.name == name and 0 < milliseconds(tracker, sequence) < 5000


# --- pairs ------------------------------------------------------------------------------------------------------------


def still(frames=30):
    """A target that moves by exactly (2, -1) pixels a frame."""
    centers = np.stack([30 + 2.0 * np.arange(frames), 90 - 1.0 * np.arange(frames)], axis=1)
    images = np.random.default_rng(0).integers(0, 255, (frames, 120, 130), dtype=np.uint8)
    return Sequence("walk", "test", images, bx.from_centers(centers, np.array([10.0, 8.0])))


def test_histories_leave_the_crops_as_they_are():
    sequence, settings = still(), tiny("ref9")
    options = dict(loose=False, seed=5)
    plain = PairSampler([sequence], settings, 17, **options).batch(3, 4)
    more = HistorySampler([sequence], settings, 17, tracks={("test", "walk"): sequence.boxes}, **options).batch(3, 4)
    assert len(more) == len(plain) + 1 and more[-1].shape == (4, HISTORY, 5) and more[-1].dtype == np.float32
    for a, b in zip(plain, more):
        np.testing.assert_array_equal(a, b)


def test_a_history_is_the_true_track_seen_from_the_window():
    sequence, settings = still(), tiny("ref9")
    sampler = HistorySampler([sequence], settings, 17, tracks={("test", "walk"): sequence.boxes}, loose=False)
    sampler.OFFSET = sampler.JITTER = sampler.FRESH = 0
    seen = 0
    for index in range(12):
        pair = sampler.draw(np.random.default_rng(index), index)
        if pair.view.frames[1] < HISTORY:
            continue
        seen += 1
        rows = sampler.history(pair.view, np.random.default_rng(0))
        steps = np.diff(rows[:, :2], axis=0) * pair.view.side * pair.view.mirror
        np.testing.assert_allclose(steps, np.tile([2.0, -1.0], (7, 1)), atol=1e-3)
        np.testing.assert_allclose(rows[:, 2:4], 0, atol=1e-6)
        # one step further lies the target, where the crop shows it
        following = rows[-1, :2] + np.array([2.0, -1.0]) * pair.view.mirror / pair.view.side
        if pair.truth is not None:
            np.testing.assert_allclose(following * settings.search_size, pair.truth[:2], atol=1e-3)
    assert seen > 5


def test_histories_refuse_crops_they_cannot_follow():
    with pytest.raises(ValueError, match="transpose=0"):
        HistorySampler([still()], tiny("ref9"), 17, tracks={}, sampling=SamplingSettings(transpose=0.5))


def test_states_of_a_young_track_repeat_the_oldest():
    rows = state_rows(
        [(10, 20), (12, 20)], [(4, 4), (8, 2)], [1, 0.5], center=(12, 20), side=20.0, given=(4, 4), mirror=(-1, 1)
    )
    np.testing.assert_allclose(rows[:7], np.tile([[0.1, 0, 0, 0, 1]], (7, 1)), atol=1e-6)
    np.testing.assert_allclose(rows[7], [0, 0, np.log(2), -np.log(2), 0.5], atol=1e-6)


# --- tracking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_each_learns_to_follow_a_spot(method, tmp_path):
    sequence = moving_spot(16)
    net, history = learnt(method, sequence, sampler=HistorySampler if method == "ref9" else None)
    assert history.classification[-10:].mean() < 0.6 * history.classification[:5].mean()
    path = tmp_path / "w.safetensors"
    save_weights(net, path)
    tracker = trackers.create(method, weights=path)
    result = evaluation.run(tracker, sequence)
    assert result.tracker == method and 0 <= tracker.score <= 1
    assert bx.iou(result.boxes, sequence.boxes)[1:].mean() > 0.4
    assert bx.iou(sequence.boxes[0], sequence.boxes[-1]) == 0  # standing still would have lost it
    again = evaluation.run(tracker, sequence)
    np.testing.assert_array_equal(again.boxes, result.boxes)  # init forgets the target before


def test_the_window_stays_where_the_target_was_last():
    tracker = ComparedTracker(build(tiny("ref8")))
    sequence = moving_spot(4)
    tracker.init(sequence.frames[0], sequence.boxes[0])
    for index in (1, 2, 3):
        before = tracker.center.copy()
        tracker.update(sequence.frames[index])
        np.testing.assert_array_equal(tracker.observation.center, before)
        assert tracker.missed == 0


def test_weights_of_another_method_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(build(tiny("ref8")), path)
    assert load_compared(path).settings.method == "ref8"
    with pytest.raises(ValueError, match="holds weights of ref8, not of ref11"):
        trackers.create("ref11", weights=path)
    save_weights(new_net(network_preset("paper", width=0.03125)), path)
    with pytest.raises(ValueError, match="another network"):
        load_compared(path)
    with pytest.raises(FileNotFoundError, match="notebook 07 trains them"):
        trackers.create("ref9", weights=tmp_path / "none.safetensors")


# --- the visible image ------------------------------------------------------------------------------------------------


def paired():
    """An infrared image of noise alone; the target shows only in the visible one."""
    sequence = moving_spot(16)
    noise = np.random.default_rng(1).normal(0, 0.2, (16, *sequence.shape)).astype(np.float32)
    infrared = Sequence("pair", "test", noise, sequence.boxes)
    return with_visible(infrared, sequence.frames)


def test_ref10_follows_a_target_that_only_the_visible_image_shows():
    sequence = paired()
    net, _ = learnt("ref10", sequence, sampler=VisibleSampler, visible=True)
    result = evaluation.run(ComparedTracker(net), sequence)
    assert bx.center_error(result.boxes, sequence.boxes)[1:].mean() < 4


def test_frames_of_two_modalities():
    sequence = paired()
    assert sequence.shape == (100, 120) and sequence.frames[3].shape == (100, 120, 2)
    tracker = ComparedTracker(build(tiny("ref10", visible=True)))
    with pytest.raises(ValueError, match=r"frames \(H, W, 2\)"):
        tracker.init(sequence.frames[0][..., 0], sequence.boxes[0])
    with pytest.raises(ValueError, match="do not pair up"):
        with_visible(sequence, ArrayFrames(np.zeros((3, 100, 120), np.uint8)))


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_bare_name_is_the_method_as_published():
    assert protocol.parse("paper") == ("paper", "filtered") and protocol.parse("paper-image") == ("paper", "image")
    assert protocol.parse("ref8") == ("ref8", "image") and protocol.parse("ref8-filtered") == ("ref8", "filtered")
    assert protocol.pairs_of_inputs("paper") == ("paper-image", "paper")
    assert protocol.pairs_of_inputs("ref10") == ("ref10", "ref10-filtered")
    assert protocol.parse("paper-both") == ("paper", "both") and len(protocol.COMPARED) == 11
    assert protocol.pairs_of_inputs("ref14") == ("ref14", "ref14-filtered")
    assert set(protocol.STUDIED) - set(protocol.COMPARED) == {n for m in protocol.CITED for n in (m, f"{m}-filtered")}
    assert set(protocol.STUDIED) - set(protocol.TRAINED) == {"ref12", "ref12-filtered"}
    swapped = {name for name in protocol.STUDIED if protocol.is_swapped(name)}
    assert swapped == {*protocol.SWAPPED, *(f"{method}-filtered" for method in protocol.CITED)}
    assert not protocol.is_swapped("peak")
    assert [name for name in protocol.STUDIED if not protocol.restarted(name)] == [
        name for name in protocol.STUDIED if name in {*swapped, protocol.BOTH}
    ] and all(map(protocol.restarted, protocol.BASELINES))
    with pytest.raises(ValueError, match="none of the compared methods"):
        protocol.parse("ref8-image")


@pytest.mark.parametrize("method", METHODS)
def test_folding_the_batch_norms_changes_nothing(method):
    net = build(tiny(method)).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    folded = fold_batch_norms(net)
    template, search = crops(net)
    with torch.no_grad():
        a, b = (foreground(one.search(search, one.template(template))[0]) for one in (net, folded))
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    assert sum(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules()) < 5


@pytest.mark.realdata
def test_ref10_takes_the_true_pairs_of_kaist(realdata):
    from irtrack_core.datasets import load

    sequence = with_visible(load("kaist", realdata, min_length=1)[0])
    frame = sequence.frames[0]
    assert frame.shape == (*sequence.shape, 2) and not np.array_equal(frame[..., 0], frame[..., 1])
    tracker = ComparedTracker(build(tiny("ref10", visible=True)))
    tracker.init(frame, sequence.boxes[0])
    assert tracker.template.shape == (2, 127, 127) and np.isfinite(tracker.update(frame)).all()
