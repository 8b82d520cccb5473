"""A report of a defect of the runtime itself: a file to send, in place of a traceback on the screen."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .models import Workflow


def write_report(workflow: Workflow) -> str:
    """Write the exception being handled, without secrets, to a new file; a sentence that says where."""
    import sys
    import traceback
    from tempfile import NamedTemporaryFile

    from .execute import redactor_of

    text = f"{sys.version}\n{workflow.name}\n\n{traceback.format_exc()}"
    try:
        text = redactor_of(workflow).text(text)
        with NamedTemporaryFile(
            "w", encoding="utf-8", errors="backslashreplace", prefix="lattice-", suffix=".txt", delete=False
        ) as file:
            file.write(text)
    except Exception:
        return "and no report could be written"
    return f"a report is in {file.name}"
