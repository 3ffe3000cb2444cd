"""Wrap-up: the disposition, more time, and the end."""

from router.core.parts import end_wrap_up, wrap_up_rule
from router.core.turn import Turn
from router.model.commands import ExtendWrapUp, WrapUp
from router.model.errors import Refused
from router.model.events import DispositionSet, WrapUpExtended
from router.model.ids import AgentId, Instant, InteractionId, QueueName
from router.state.records import Engagement, Interaction


def wrap_up(turn: Turn, command: WrapUp) -> InteractionId:
    """Save the disposition, and end wrap-up when done.

    For a quarter of an hour after its end the disposition can still be given or corrected.
    """
    interaction = turn.interaction(command.interaction_id)
    engagement = interaction.engagement(command.agent_id)
    if engagement is None:
        _late(turn, interaction, command)
        return interaction.id
    _check_disposition(turn, engagement.queue, command.disposition)
    if command.done:
        _check_done(turn, interaction, engagement, command)
    if command.disposition and command.disposition != engagement.disposition:
        turn.emit(DispositionSet(turn.now, interaction.id, command.agent_id, command.disposition))
    if command.done:
        end_wrap_up(turn, interaction, command.agent_id, "done")
    return interaction.id


def _late(turn: Turn, interaction: Interaction, command: WrapUp) -> None:
    late = interaction.late.get(command.agent_id)
    if late is None or turn.now > late.until:
        raise Refused(f"agent {command.agent_id} has no wrap-up here", code="not_yours")
    if command.disposition:
        _check_disposition(turn, late.queue, command.disposition)
        turn.emit(DispositionSet(turn.now, interaction.id, command.agent_id, command.disposition))


def _check_disposition(turn: Turn, name: QueueName, disposition: str) -> None:
    queue = turn.state.catalogue.queues.get(name)
    if not disposition or queue is None:
        return
    if disposition not in {known.name for known in queue.dispositions}:
        raise Refused(f"{disposition!r} is no outcome of {name}", code="unknown_disposition")


def _check_done(
    turn: Turn, interaction: Interaction, engagement: Engagement, command: WrapUp
) -> None:
    if engagement.wrap_up_since is None:
        raise Refused("the conversation has not ended", code="not_in_wrap_up")
    rule = wrap_up_rule(turn, engagement.queue, interaction.medium)
    if rule.disposition_required and not (command.disposition or engagement.disposition):
        raise Refused("choose an outcome first", code="disposition_required")


def extend_wrap_up(turn: Turn, command: ExtendWrapUp) -> InteractionId:
    """More time, counted from the present limit, as often as the queue allows."""
    interaction = turn.interaction(command.interaction_id)
    engagement = in_wrap_up(interaction, command.agent_id)
    rule = wrap_up_rule(turn, engagement.queue, interaction.medium)
    if engagement.extensions >= rule.extensions:
        raise Refused("wrap-up cannot be extended any more", code="no_more_extensions")
    until = engagement.wrap_up_until
    assert until is not None, "wrap-up has a limit"
    turn.emit(
        WrapUpExtended(
            turn.now,
            interaction.id,
            command.agent_id,
            Instant(max(until, turn.now) + rule.extension_ms),
            engagement.extensions + 1,
        )
    )
    return interaction.id


def in_wrap_up(interaction: Interaction, agent_id: AgentId) -> Engagement:
    """The agent's part that is in wrap-up; refused with ``not_in_wrap_up``."""
    engagement = interaction.engagement(agent_id)
    if engagement is None or engagement.wrap_up_since is None:
        raise Refused(f"agent {agent_id} has no wrap-up here", code="not_in_wrap_up")
    return engagement
