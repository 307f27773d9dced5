"""Holds a value against the part of JSON Schema that the API description uses."""

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
KNOWN = {"$ref", "type", "enum", "const", "oneOf", "properties", "required", "additionalProperties",
         "items", "maxItems", "description"}


def problems_of(value, schema, document, path="$"):
    """What is wrong with `value`, as a list of sentences; a keyword that is not known here is wrong too."""
    problems = [f"{path}: the schema's keyword {word!r} is not known" for word in set(schema) - KNOWN]
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return problems + problems_of(value, target, document, path)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(TYPES[name](value) for name in types):
        return problems + [f"{path}: {value!r} is none of {types}"]
    if "enum" in schema and value not in schema["enum"]:
        problems.append(f"{path}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        problems.append(f"{path}: {value!r} is not {schema['const']!r}")
    if "oneOf" in schema:
        fitting = [part for part in schema["oneOf"] if not problems_of(value, part, document, path)]
        if len(fitting) != 1:
            problems.append(f"{path}: fits {len(fitting)} of the forms, not one")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        problems += [f"{path}: {name!r} is missing" for name in schema.get("required", [])
                     if name not in value]
        for name, member in value.items():
            if name in properties:
                problems += problems_of(member, properties[name], document, f"{path}.{name}")
            elif schema.get("additionalProperties") is False:
                problems.append(f"{path}: {name!r} is not described")
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            problems.append(f"{path}: {len(value)} items")
        for index, item in enumerate(value):
            problems += problems_of(item, schema.get("items", {}), document, f"{path}[{index}]")
    return problems
