# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of JSON Schema (draft 7) that docs/schemas uses; a word it does not know is an error."""
import json
import os
import re

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool,
         "array": list, "object": dict}
IGNORED = {"$schema", "title", "description", "definitions"}


def breaches(schema, value, root=None, at="$"):
    """What in the value is not as the schema says, as lines of text."""
    root = root or schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        return breaches(root["definitions"][name], value, root, at)
    bad = []
    for word, says in schema.items():
        if word not in IGNORED:
            bad += CHECKS[word](says, value, schema, root, at)
    return bad


def _type(says, value, _schema, _root, at):
    good = isinstance(value, TYPES[says]) and (says == "boolean" or not isinstance(value, bool))
    return [] if good else [f"{at}: {value!r} is no {says}"]


def _const(says, value, _schema, _root, at):
    return [] if value == says else [f"{at}: {value!r} is not {says!r}"]


def _enum(says, value, _schema, _root, at):
    return [] if value in says else [f"{at}: {value!r} is none of {says}"]


def _minimum(says, value, _schema, _root, at):
    return [] if not isinstance(value, int) or value >= says else [f"{at}: {value} < {says}"]


def _pattern(says, value, _schema, _root, at):
    good = not isinstance(value, str) or re.search(says, value)
    return [] if good else [f"{at}: {value!r} is not like {says}"]


def _items(says, value, _schema, root, at):
    if not isinstance(value, list):
        return []
    return [b for i, v in enumerate(value) for b in breaches(says, v, root, f"{at}[{i}]")]


def _required(says, value, _schema, _root, at):
    return [f"{at}: lacks {name}" for name in says if isinstance(value, dict) and name not in value]


def _properties(says, value, schema, root, at):
    if not isinstance(value, dict):
        return []
    bad = [b for k, v in value.items() if k in says for b in breaches(says[k], v, root, f"{at}.{k}")]
    if schema.get("additionalProperties") is False:
        bad += [f"{at}: {k} is not in the schema" for k in value if k not in says]
    return bad


CHECKS = {"type": _type, "const": _const, "enum": _enum, "minimum": _minimum, "pattern": _pattern,
          "items": _items, "required": _required, "properties": _properties,
          "additionalProperties": lambda *_: []}


def load(folder, verb):
    with open(os.path.join(folder, f"picket.{verb}.1.json"), encoding="utf-8") as f:
        return json.load(f)


def open_objects(schema, at="$"):
    """Objects of a schema that let unknown members pass."""
    if isinstance(schema, list):
        return [b for i, s in enumerate(schema) for b in open_objects(s, f"{at}[{i}]")]
    if not isinstance(schema, dict):
        return []
    here = [at] if schema.get("type") == "object" and \
        schema.get("additionalProperties") is not False else []
    return here + [b for k, v in schema.items() for b in open_objects(v, f"{at}.{k}")]
