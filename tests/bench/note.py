"""A short text for each event, which measures gateways rather than composing: one rule and one channel for each
gateway, whose name is the type of its events."""

import json


def event(number, kind="note"):
    return json.dumps({"type": kind, "id": f"{kind}-{number}", "n": number,
                       "customer": {"id": f"{kind}-{number}", "email": f"c{number}@{kind}.example"}})


def write(folder, kinds=("note",)):
    rule = "{{name: {0}, class: transactional, on: {0}, send: {{template: note, via: {0}, to: customer.email}}}}"
    folder.write("rules/notes.yaml", "\n---\n".join(rule.format(kind) for kind in kinds))
    folder.write("templates/note.text.liquid",
                 "---\nsubject: order {{ n }}\nlayout: none\n---\n" + "a few words of tea\n" * 20)
    folder.write("templates/api.json.liquid", '{"to": {{ message.to | json }}, "text": {{ message.text | json }}}')


def settings(sinks, connections):
    """`sinks`: name → gateway that was started."""
    kind = {"smtp": "mail", "http": "text"}
    gateways = {name: sink.settings() for name, sink in sinks.items()}
    return {"gateways": {name: {**gateway, "connections": connections} for name, gateway in gateways.items()},
            "channels": {name: {"kind": kind[gateway["kind"]], "gateways": name}
                         for name, gateway in gateways.items()}}
