"""What of a flow can be done in writing: a chat has no keys, no sound and no line to transfer."""

from collections.abc import Iterator, Mapping

from ivr.checker import Fault
from ivr.flow import AnyNode, Flow
from ivr.nodes.callback import Callback
from ivr.nodes.fax import Fax
from ivr.nodes.subflow import Subflow
from ivr.nodes.transfer import Transfer
from ivr.nodes.voicemail import Voicemail

_NEEDS = {
    Callback: "calls back, and no telephone is known",
    Fax: "receives a fax",
    Transfer: "connects a call",
    Voicemail: "records a voice",
}


def unfit_for_writing(flows: Mapping[str, Flow], name: str, who: str) -> Iterator[Fault]:
    """Each node a chat cannot run, of this flow and the sub-flows it leads to. ``who`` runs it."""
    todo, seen = [name], {name}
    while todo:
        flow_name = todo.pop()
        flow = flows.get(flow_name)
        for node_name, node in flow.node.items() if flow is not None else ():
            path = ("flow", flow_name, "node", node_name)
            for field, why in _unfit(node):
                yield Fault((*path, field), f"{why}: {who} cannot run it")
            if isinstance(node, Subflow) and node.flow not in seen:
                seen.add(node.flow)
                todo.append(node.flow)


def _unfit(node: AnyNode) -> Iterator[tuple[str, str]]:
    if type(node) in _NEEDS:
        yield "do", _NEEDS[type(node)]
        return
    for field, words, file in node.utterances():
        if file and not words:
            yield field, "plays a recording, which nobody can read"
