"""A tracker's network as what its backend can run."""

from irtrack_core.network import inference


def runnable(net, backend="auto", precision="f32", **_):
    """`net`, or the graphs of a SiameseNet where a backend is asked for that runs only graphs.

    Raises ValueError for a precision that the backend lacks.
    """
    whole = isinstance(net, inference.Graphs) and (precision != "int8" or net.int8 is not None)
    if whole or backend in ("auto", "torch") or inference.missing(backend):
        return net
    inference.check(backend, precision)
    from irtrack_core.training.export import graphs  # needs torch, which most who track do not have

    return graphs(net, int8=precision == "int8")
