"""Reading JSON that others wrote: any bytes give a value or a Failure, never another exception."""

from __future__ import annotations

from json import JSONDecodeError, dumps, loads

from .errors import Failure


def read_json(raw: bytes, what: str, code: str = "validation") -> object:
    """The value of a JSON text in UTF-8. Raises Failure `code`, beginning with `what` and the place of the mistake.

    Refused beside bad syntax: NaN and infinities, numbers beyond a float, lone surrogates, absurd depth.
    """
    try:
        value = loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
        dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeDecodeError as error:
        raise Failure(code, f"{what}: byte {error.start} is not UTF-8") from None
    except UnicodeEncodeError:
        raise Failure(code, f"{what}: a string holds a lone surrogate") from None
    except JSONDecodeError as error:
        raise Failure(code, f"{what}:{error.lineno}:{error.colno}: {_lower(error.msg)}") from None
    except ValueError:
        raise Failure(code, f"{what}: a number is out of range") from None
    except RecursionError:
        raise Failure(code, f"{what}: the values are nested too deeply") from None
    return value


def _refuse(name: str) -> object:
    raise ValueError(name)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
