"""Settings of the kernels that notebooks under test run in."""


def ipython_folder(folder, settings):
    """A folder for IPYTHONDIR whose kernels have these lines of traitlets configuration, `c.Class.name = value`."""
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(settings)
    return str(folder / "ipython")
