"""Which namespace a prefix stands for, in an event and in a question about events. Pure.

A name ``ex:note`` means ``https://a.example/ns/note`` where ``ex`` is bound to ``https://a.example/ns/``: by the
``@context`` of an event or of a query, or by the header GS1-Extensions of a request. The prefixes of the standard's own
context are bound everywhere. Contexts at other addresses are not fetched: what only they bind stays as it is written.
Sources: JSON-LD 1.1, sections 4.1 and 4.4; EPCIS 2.0, section 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: {prefix, or whole name: the address it stands for}
Names = Mapping[str, str]

#: What the context of EPCIS 2.0 binds.
STANDARD: Names = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
MOST_PREFIXES, MOST_SIGNS = 100, 2_000
_BINDING = re.compile(r"([^\s:,=/]{1,100})=([A-Za-z][A-Za-z0-9+.-]*:[!-~]*)")
_NEXT = re.compile(r"\s*,\s*(?=[^\s:,=/]{1,100}=)")
_IN_HEADER = re.compile(r"[!-+\--<>-~]+")


def bound_by(context: Any) -> dict[str, str]:
    """Collect what a ``@context`` itself binds, the later over the earlier."""
    names: dict[str, str] = {}
    for part in context if isinstance(context, list) else [context]:
        if not isinstance(part, dict):
            continue
        terms = {term: _address(value) for term, value in part.items() if not term.startswith("@")}
        for term in terms:
            whole = _resolved(term, terms, names)
            if whole is not None:
                names[term] = whole
            elif part[term] is None:
                names.pop(term, None)
    return names


def _address(value: Any) -> str | None:
    named = value.get("@id") if isinstance(value, dict) else value
    return named if isinstance(named, str) and ":" in named else None


def _resolved(term: str, terms: Mapping[str, str | None], names: Names) -> str | None:
    """Follow a term to its address: one may be bound by another, and must not lead back to itself."""
    found, seen = terms[term], {term}
    while found is not None:
        prefix, _, rest = found.partition(":")
        if rest.startswith("//") or prefix in seen:
            break
        further = terms.get(prefix) or names.get(prefix) or STANDARD.get(prefix)
        if further is None:
            break
        seen.add(prefix)
        found = further + rest
    return found


def written_out(name: str, names: Names) -> str:
    """Write out a name as an event uses it; one whose prefix nobody bound is an address by itself."""
    whole = names.get(name)
    if whole is not None:
        return whole
    prefix, colon, rest = name.partition(":")
    if not colon or rest.startswith("//"):
        return name
    namespace = names.get(prefix) or STANDARD.get(prefix)
    return name if namespace is None else namespace + rest


def asked_for(name: str, names: Names) -> str | None:
    """Write out a name as a question uses it; None where its prefix is bound by nobody and it is no web address."""
    prefix = name.partition(":")[0]
    is_bound = name in names or prefix in names or prefix in STANDARD
    return written_out(name, names) if is_bound or is_address(name) else None


def is_address(name: str) -> bool:
    """Tell whether a name is written out already."""
    prefix, colon, rest = name.partition(":")
    return bool(colon) and (rest.startswith("//") or prefix.lower() == "urn")


def of_event(event: dict[str, Any]) -> dict[str, Any]:
    """Give an event with the names of all its fields written out."""
    names = bound_by(event.get("@context"))
    return {
        name: value if name == "@context" else _with_names(value, names)
        for name, value in _renamed(event, names).items()
    }


def _with_names(value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        return {name: _with_names(held, names) for name, held in _renamed(value, names).items()}
    if isinstance(value, list):
        return [_with_names(one, names) for one in value]
    return value


def _renamed(held: dict[str, Any], names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in held.items():
        whole = written_out(name, names) if ":" in name else name
        # Two prefixes of one namespace: one field with the values of both.
        found[whole] = value if whole not in found else [*_list(found[whole]), *_list(value)]
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def read_header(text: str) -> dict[str, str] | None:
    """Read a header GS1-Extensions: ``prefix=namespace, prefix=namespace``; None if it is none."""
    found: dict[str, str] = {}
    for part in _NEXT.split(text.strip()) if text.strip() else []:
        binding = _BINDING.fullmatch(part)
        if binding is None or found.get(binding[1], binding[2]) != binding[2] or len(found) >= MOST_PREFIXES:
            return None
        found[binding[1]] = binding[2]
    return found


def as_header(bindings: Iterable[tuple[str, str]]) -> str:
    """Announce namespaces, each once; where one prefix stands for several, the further ones get a number."""
    found: dict[str, str] = {}
    signs = 0
    for prefix, namespace in bindings:
        if namespace in found.values() or not _BINDING.fullmatch(f"{prefix}={namespace}"):
            continue
        if not _IN_HEADER.fullmatch(prefix + namespace.replace("=", "")):
            continue
        own, number = prefix, 1
        while own in found:
            number += 1
            own = f"{prefix}-{number}"
        signs += len(own) + len(namespace) + 3
        if signs > MOST_SIGNS:
            break
        found[own] = namespace
    return ", ".join(f"{prefix}={namespace}" for prefix, namespace in found.items())
