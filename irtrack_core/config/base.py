"""What all settings have in common: they are frozen, checked, and refuse a name they do not know."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def replace(self, **changes):
        """A checked copy with some settings changed."""
        return type(self)(**(self.model_dump() | changes))
