"""Which models there are, as the clients of some dialect ask for it."""

from collections.abc import Mapping, Sequence

from lockgate.surfaces.head import Head, ReadBody
from lockgate.surfaces.lines import id_line
from lockgate.surfaces.replies import Whole
from lockgate_ports.dialect import CatalogueDialect, ListedModel
from lockgate_ports.errors import ModelNotFound


class CataloguePlace:
    """A CatalogueDialect over a fixed list, of which each caller sees what it may ask for."""

    def __init__(self, dialect: CatalogueDialect, models: Sequence[ListedModel]) -> None:
        self._dialect = dialect
        self._models = {model.id: model for model in models}

    async def serve_list(self, head: Head, _: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """All models, or a page of them."""
        models = [model for model in self._models.values() if head.caller.may_ask(model.id)]
        listed = self._dialect.write_list(models, head.query)
        return Whole(200, listed, headers=id_line(request_id))

    async def serve_item(self, head: Head, values: Mapping[str, str], __: ReadBody, request_id: str) -> Whole:
        """The model whose id the path holds. Raises ModelNotFound."""
        model = self._models.get(values["id"])
        if model is None or not head.caller.may_ask(model.id):
            where = self._dialect.list_surfaces[0].path
            raise ModelNotFound(f"no model is listed as {values['id'][:100]!r}; GET {where}")
        return Whole(200, self._dialect.write_item(model), headers=id_line(request_id))
