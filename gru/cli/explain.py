"""The command `gru explain`: what is known by a name."""

import click

from gru.cli.options import asked_for, form_options


@click.command()
@click.argument("topic")
@form_options
def explain(topic: str, layer: str, form: str | None, convention: str) -> None:
    """Explain TOPIC: an equation, a mistake in one, or a form of the layer.

    \b
    Examples:
      gru explain 10
      gru explain dzr
      gru explain equation-10/no-h-prev
      gru explain convention/torch
      gru explain --layer lstm dzf
    """
    from gru.report.lesson import explained

    asked = asked_for(layer, form, convention)
    try:
        lines = explained(topic, asked.form)
    except KeyError as error:
        near = error.args[0] or ("10", "equation-10/no-h-prev", "convention/torch")
        raise click.BadParameter(
            f"nothing is known by the name {topic!r}; there is, for example, {', '.join(near)}", param_hint="'TOPIC'"
        ) from None
    click.echo("\n".join(lines))
