"""The command ``grouping``: form groups, pick task forces, ask about plans, check a roster, write an empty one.

Exit codes: 0 done, 2 bad input or usage, 3 no division keeps every rule, 4 no plan in time, 130 interrupted before a
first plan, 1 a fault of the library. Errors go to stderr, in words and without a traceback. Nothing heavy is imported
before it is needed, so that ``grouping --help`` is quick.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from inspect import Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grouping.errors import GroupingError, InfeasibleError, InputError, Issue, NoPlanFoundError, PolicyError

if TYPE_CHECKING:
    from grouping.plan.evaluation import Evaluation, Plan
    from grouping.plan.explaining import Explanation
    from grouping.plan.whatif import WhatIf
    from grouping.policy import Policy
    from grouping.roster import Roster
    from grouping.solving.engine import Progress

BAD_INPUT, INFEASIBLE, NO_PLAN, INTERRUPTED = 2, 3, 4, 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Divide people into groups that meet, act and are managed well. The result is a proposal: people decide.",
)


class Preset(StrEnum):
    """The presets of :class:`grouping.Policy`."""

    balanced = "balanced"
    by_business_line = "by_business_line"
    by_location = "by_location"


class Lang(StrEnum):
    """The languages of the output."""

    en = "en"
    zh = "zh"


class UnknownShift(StrEnum):
    """What to do with shifts that are not understood."""

    error = "error"
    label = "label"


class Format(StrEnum):
    """The forms of an answer."""

    text = "text"
    md = "md"
    html = "html"
    json = "json"


@contextmanager
def _exits(lang: str = "en") -> Iterator[None]:
    """Turn what can go wrong into a message on stderr, in the language asked for, and an exit code."""
    try:
        yield
    except BrokenPipeError:  # the reader has seen enough; nothing is left to say, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        typer.echo("grouping: interrupted before a first plan", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except GroupingError as error:
        told = error.describe(lang) if isinstance(error, InputError | InfeasibleError) else error
        typer.echo(f"grouping: {told}", err=True)
        if isinstance(error, InfeasibleError) and error.diagnosis is not None:
            typer.echo(f"\n{error.diagnosis.advice(lang)}", err=True)
        codes = ((InputError, BAD_INPUT), (InfeasibleError, INFEASIBLE), (NoPlanFoundError, NO_PLAN))
        raise typer.Exit(next((code for kind, code in codes if isinstance(error, kind)), 1)) from None


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"grouping {version('group-formation-optimizer')}")
        except PackageNotFoundError:
            typer.echo("grouping, from source")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Divide people into groups that meet, act and are managed well. The result is a proposal: people decide."""


def _range(text: str | None) -> tuple[int, int] | None:
    """Read "6-12" or "8"."""
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+)\s*(?:[-–~:,]\s*(\d+)\s*)?", text)
    if not found:
        raise typer.BadParameter(f"{text!r} is not a number or a range such as 6-12")
    return int(found[1]), int(found[2] or found[1])


def _positive(value: float) -> float:
    if not 0 < value < float("inf"):
        raise typer.BadParameter("seconds are a positive number")
    return value


PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="The plan.json that `form` wrote.")]
RosterPath = Annotated[
    Path, typer.Argument(metavar="ROSTER", help="A workbook, CSV or JSON file, a folder of them, or - for stdin.")
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="Policy file, .toml or .json.", metavar="FILE")]
PresetName = Annotated[Preset | None, typer.Option("--preset", help="Preset instead of a policy file.")]
Size = Annotated[
    str | None, typer.Option("--size", callback=lambda text: text if _range(text) else None, help="6-12 or 8.")
]
Groups = Annotated[
    str | None, typer.Option("--groups", callback=lambda text: text if _range(text) else None, help="5 or 4-6.")
]
Sessions = Annotated[int | None, typer.Option("--sessions", min=1, max=2, help="Alternative sessions of a group.")]
Limit = Annotated[float, typer.Option("--time-limit", callback=_positive, help="Seconds of solving.")]
Language = Annotated[Lang, typer.Option("--lang", help="Language of the output.")]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Of text files, such as gb18030; told by the file if not given.")
]
Shifts = Annotated[
    UnknownShift,
    typer.Option("--unknown-shift", help="label: members with the same unknown shift can meet."),
]


def _pairs(texts: list[str] | None) -> list[str]:
    for text in texts or ():
        if "=" not in text:
            raise typer.BadParameter(f"{text!r} is not written as THEIRS=OURS")
    return texts or []


Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", callback=_pairs, metavar="THEIRS=OURS", help="What a header means; THEIRS=ignore: nothing."
    ),
]
Sheets = Annotated[
    list[str] | None,
    typer.Option("--sheet", callback=_pairs, metavar="SHEET=KIND", help="Which table a sheet or file is, or ignore."),
]
UsualRotas = Annotated[
    bool, typer.Option("--usual-rotas", help="Confirm that names of usual rotas mean what the catalogue says.")
]


@dataclass(frozen=True)
class Reading:
    """A roster as the command line names it, and how it is to be read."""

    path: Path
    encoding: str | None
    unknown_shift: UnknownShift
    column: list[str] | None
    sheet: list[str] | None
    usual_rotas: bool

    def roster(self) -> Roster:
        """Return the roster."""
        from grouping.roster import read_roster

        return read_roster(
            self.path if str(self.path) != "-" else "-",
            columns=dict(_pair(text) for text in self.column or ()),
            sheets=dict(_pair(text) for text in self.sheet or ()),
            encoding=self.encoding,
            unknown_shift=self.unknown_shift.value,
            usual_rotas=self.usual_rotas,
        )


def _reading(
    roster: RosterPath,
    encoding: Encoding = None,
    unknown_shift: Shifts = UnknownShift.error,
    column: Columns = None,
    sheet: Sheets = None,
    usual_rotas: UsualRotas = False,
) -> Reading:
    return Reading(roster, encoding, unknown_shift, column, sheet, usual_rotas)


def _reads(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take a roster and the options of reading it where it says ``reading``."""
    own = signature(command, eval_str=True).parameters
    first, *more = signature(_reading, eval_str=True).parameters.values()
    shown = [first if name == "reading" else parameter for name, parameter in own.items()] + more

    def run(**given: Any) -> None:
        reading = _reading(**{parameter.name: given.pop(parameter.name) for parameter in (first, *more)})
        command(reading=reading, **given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    run.__dict__["__signature__"] = Signature(shown)
    return run


@app.command()
@_reads
def form(
    reading: Reading,
    policy: PolicyFile = None,
    preset: PresetName = None,
    size: Size = None,
    groups: Groups = None,
    sessions: Sessions = None,
    time_limit: Limit = 30.0,
    seed: Annotated[int, typer.Option("--seed", help="Of all random choices.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write the plan to.", metavar="DIR")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files in --out.")] = False,
    by_branch: Annotated[
        bool,
        typer.Option("--by-branch", help="Write each branch into --out when it is done; --time-limit is for each."),
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Cores to use; all of them if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON on stdout, and nothing else.")] = False,
    lang: Language = Lang.en,
) -> None:
    """Form groups, and set today's division beside the proposal where the roster has one."""
    with _exits(lang.value):
        from grouping.plan.saving import check_folder, save
        from grouping.plan.summary import summary

        if by_branch and (out is None or as_json):
            raise InputError(Issue("no_folder", "--by-branch writes into a folder: it needs --out, and no --json"))
        if out is not None:
            check_folder(out, force)
        wanted = _policy(policy, preset, size, groups, sessions)
        people = reading.roster()
        if by_branch and out is not None:
            _form_branches(people, wanted, out, force, time_limit_per_branch=time_limit, seed=seed, workers=workers)
            return
        plan = _form(people, wanted, time_limit, seed, workers)
        saved = save(plan, out, people, force) if out is not None else ()
        if as_json:
            typer.echo(plan.to_json())
        else:
            typer.echo(summary(people, wanted, plan, lang.value))
        for file in saved:
            typer.echo(str(file), err=as_json)


@app.command()
@_reads
def revise(
    plan: PlanFile,
    reading: Reading,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Policy file; that of the plan if not given.", metavar="FILE")
    ] = None,
    max_moves: Annotated[int | None, typer.Option("--max-moves", min=0, help="How many members may move.")] = None,
    price: Annotated[float, typer.Option("--price", min=0, help="Member-points that a move costs.")] = 50.0,
    free: Annotated[bool, typer.Option("--free", help="Groups may be dissolved or added.")] = False,
    time_limit: Limit = 30.0,
    seed: Annotated[int, typer.Option("--seed", help="Of all random choices.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write the new plan to.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    lang: Language = Lang.en,
) -> None:
    """Revise a plan for the people of now, moving few, and list who joins, leaves and moves, and why."""
    with _exits(lang.value):
        from grouping.plan.evaluation import Evaluation
        from grouping.plan.revising import revise as revised
        from grouping.policy import Policy
        from grouping.writing import check_file, write_file

        if out is not None:
            check_file(out, force=force)
        before = Evaluation.from_json(plan)
        people = reading.roster()
        with _shown() as tell:
            found = revised(
                before, roster=people, policy=None if policy is None else Policy.load(policy), max_moves=max_moves,
                price=price, groups="free" if free else "keep", time_limit=time_limit, seed=seed, on_progress=tell,
            )  # fmt: skip
        typer.echo(found.describe(lang.value))
        if out is not None:
            text = found.plan.to_json() + "\n"
            typer.echo(str(write_file(out, text.encode("utf-8"), force=force)), err=True)


@app.command()
@_reads
def place(
    plan: PlanFile,
    reading: Reading,
    lang: Language = Lang.en,
) -> None:
    """Rank the groups for every member of the roster who is not in the plan yet; nobody else moves."""
    with _exits(lang.value):
        from grouping.plan.evaluation import Evaluation
        from grouping.plan.placing import place_all

        before = Evaluation.from_json(plan)
        people = reading.roster()
        found = place_all(before, people)
        if not found:
            typer.echo("everybody is in the plan" if lang is Lang.en else "全部成员均已编入方案")
        typer.echo("\n\n".join(placing.describe(lang.value) for placing in found))


@app.command()
@_reads
def check(
    reading: Reading,
    policy: PolicyFile = None,
    preset: PresetName = None,
    size: Size = None,
    groups: Groups = None,
    lang: Language = Lang.en,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as HTML, too.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --html.")] = False,
) -> None:
    """Read a roster and report what was understood and what a policy would judge; nothing is solved."""
    with _exits(lang.value):
        from grouping.plan.summary import judgement
        from grouping.writing import write_file

        wanted = _policy(policy, preset, size, groups, None)
        people = reading.roster()
        typer.echo(people.report.describe(lang.value))
        if html is not None:
            page = (
                f'<!doctype html><meta charset="utf-8"><title>grouping check</title>{people.report.to_html(lang.value)}'
            )
            typer.echo(str(write_file(html, page.encode("utf-8"), force=force)), err=True)
        typer.echo("")
        try:
            typer.echo(judgement(people, wanted, lang.value))
        except InfeasibleError as error:
            typer.echo(error.describe(lang.value))


@app.command()
@_reads
def diagnose(
    reading: Reading,
    policy: PolicyFile = None,
    preset: PresetName = None,
    size: Size = None,
    groups: Groups = None,
    time_limit: Limit = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="Of all random choices.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The diagnosis as JSON on stdout, and nothing else.")] = False,
    lang: Language = Lang.en,
) -> None:
    """Tell why no division keeps every rule, the smallest change that makes a plan, and which rules clash.

    Exit code 0 if there is a division that keeps every rule, 3 if there is none, 4 if that is not known.
    """
    with _exits(lang.value):
        from grouping.plan.diagnosing import diagnose as find

        wanted = _policy(policy, preset, size, groups, None)
        people = reading.roster()
        found = find(people, wanted, time_limit=time_limit, seed=seed)
        typer.echo(found.to_json(lang=lang.value) if as_json else found.text(lang.value))
        if found.status != "feasible":
            raise typer.Exit(INFEASIBLE if found.status == "infeasible" else NO_PLAN)


AnswerFormat = Annotated[Format, typer.Option("--format", help="Form of the answer.")]
Names = Annotated[bool, typer.Option("--names", help="Name the members, beside their ids.")]


@app.command()
@_reads
def explain(
    plan: PlanFile,
    reading: Reading,
    member: Annotated[str | None, typer.Option("--member", metavar="ID", help="Why is this member where they are?")] = (
        None
    ),
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="What is this group good for?")] = None,
    swaps: Annotated[bool, typer.Option("--swaps", help="Look at exchanges with others, too.")] = False,
    form: AnswerFormat = Format.text,
    names: Names = False,
    lang: Language = Lang.en,
) -> None:
    """Answer why: why a member is in a group, what a group is good for, or the plan as a whole beside today's."""
    with _exits(lang.value):
        people = reading.roster()
        division = _division(plan, people)
        _answer(division.explain(member, group=group, swaps=swaps or None), form, lang, names)


@app.command("what-if")
@_reads
def what_if(
    plan: PlanFile,
    reading: Reading,
    member: Annotated[str | None, typer.Option("--member", metavar="ID", help="Who goes to --group.")] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Where --member goes.")] = None,
    swap: Annotated[tuple[str, str] | None, typer.Option("--swap", metavar="ID ID", help="They change places.")] = None,
    leave: Annotated[list[str] | None, typer.Option("--leave", metavar="ID", help="Leaves; may be repeated.")] = None,
    merge: Annotated[
        tuple[str, str] | None, typer.Option("--merge", metavar="NAME NAME", help="They become one group.")
    ] = None,
    split: Annotated[str | None, typer.Option("--split", metavar="NAME", help="Becomes two groups.")] = None,
    into: Annotated[
        list[str] | None, typer.Option("--into", metavar="ID", help="Goes to the new group; may be repeated.")
    ] = None,
    weight: Annotated[
        list[str] | None, typer.Option("--weight", metavar="CRITERION=NUMBER", help="Weighs so much; 0 drops it.")
    ] = None,
    principle: Annotated[
        list[str] | None, typer.Option("--principle", metavar="NAME=NUMBER", help="Weighs so much.")
    ] = None,
    join: Annotated[
        list[str] | None,
        typer.Option("--join", metavar="HEADER=VALUE", help="A cell of who joins --group; once for each cell."),
    ] = None,
    must: Annotated[
        list[str] | None, typer.Option("--must", metavar="JSON", help='Is a rule then: {"type": "Apart", "ids": […]}.')
    ] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", metavar="RULE", help="Is given up.")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Find the best division that keeps the change, too.")
    ] = False,
    time_limit: Limit = 5.0,
    form: AnswerFormat = Format.text,
    names: Names = False,
    lang: Language = Lang.en,
) -> None:
    """Count what one change of a plan would do, exactly, and which rules it would break; the plan stays as it is."""
    with _exits(lang.value):
        from grouping.plan.whatif import what_if as ask

        people = reading.roster()
        found = ask(
            _division(plan, people), member=member, group=group, swap=swap, leave=leave or None, merge=merge,
            split=split, into=into or None, join=_row(join), weight=_weights(weight), principles=_weights(principle),
            must=_rules(must), drop=drop or None, repair=repair, time_limit=time_limit,
        )  # fmt: skip
        _answer(found, form, lang, names)


def _division(path: Path, roster: Roster) -> Evaluation:
    from grouping.plan.evaluation import Evaluation

    return Evaluation.from_json(path).with_inputs(roster)


def _weights(texts: list[str] | None) -> dict[str, float] | None:
    """Read CRITERION=NUMBER."""
    found: dict[str, float] = {}
    for text in texts or ():
        name, _, number = text.rpartition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not written as NAME=NUMBER") from None
    return found or None


def _row(texts: list[str] | None) -> dict[str, object] | None:
    """Read HEADER=VALUE, a text for each cell of a row."""
    cells: dict[str, object] = {}
    for text in texts or ():
        header, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} is not written as HEADER=VALUE")
        cells[header.strip()] = value.strip()
    return cells or None


def _rules(texts: list[str] | None) -> list[dict[str, object]] | None:
    """Read rules, each a JSON object as in a policy file."""
    import json

    found: list[dict[str, object]] = []
    for text in texts or ():
        try:
            rule = json.loads(text)
        except ValueError:
            rule = None
        if not isinstance(rule, dict):
            raise typer.BadParameter(f'{text!r} is not JSON such as {{"type": "Apart", "ids": ["A1", "A2"]}}')
        found.append(rule)
    return found or None


def _answer(answer: Explanation | WhatIf, form: Format, lang: Lang, names: bool) -> None:
    if form is Format.json:
        import json

        typer.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))
        return
    make = {Format.text: answer.text, Format.md: answer.markdown, Format.html: answer.html}[form]
    typer.echo(make(lang.value, names=names).rstrip("\n"))


@app.command()
@_reads
def tradeoffs(
    reading: Reading,
    policy: PolicyFile = None,
    preset: PresetName = None,
    size: Size = None,
    groups: Groups = None,
    points: Annotated[int, typer.Option("--points", min=1, help="How many plans to look for.")] = 10,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV file to write the table to.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    time_limit: Limit = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Of all random choices.")] = 0,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Cores to use; all if not given.")] = None,
    lang: Language = Lang.en,
) -> None:
    """Show what one principle costs the others: plans of which none is better in all principles than another."""
    with _exits(lang.value):
        from grouping.plan.tradeoffs import tradeoffs as find
        from grouping.writing import check_place

        if out is not None:
            check_place(out, force=force)
        wanted = _policy(policy, preset, size, groups, None)
        people = reading.roster()
        found = find(people, wanted, points=points, time_limit=time_limit, seed=seed, workers=workers)
        if out is not None:
            found.to_csv(out, lang.value)
        typer.echo(found.text(lang.value))
        if out is not None:
            typer.echo(str(out), err=True)


@app.command()
@_reads
def task(
    reading: Reading,
    tasks: Annotated[Path, typer.Argument(metavar="TASKS", help="Tasks, .json, .toml or .csv, or a folder of these.")],
    standing: Annotated[
        Path | None, typer.Option("--standing", metavar="PLAN", help="plan.json of the standing groups.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Task policy, .toml or .json.", metavar="FILE")
    ] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option("--history", help="Table of past service, or earlier plans of tasks (.json).", metavar="FILE"),
    ] = None,
    hours_worked: Annotated[
        Path | None,
        typer.Option("--hours-worked", help="Table of overtime: member_id, hours, month.", metavar="FILE"),
    ] = None,
    fixed: Annotated[
        list[Path] | None, typer.Option("--fixed", help="Plan of tasks that stands as it is.", metavar="FILE")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="File to write the plan to; .csv: who is where when.", metavar="FILE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON on stdout, and nothing else.")] = False,
    reserve: Annotated[bool, typer.Option("--reserve", help="Say who could stand in, too.")] = False,
    time_limit: Limit = 30.0,
    seed: Annotated[int, typer.Option("--seed", help="Of all random choices.")] = 0,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Cores to use; two if not given.")] = None,
    lang: Language = Lang.en,
) -> None:
    """Choose the people of temporary project groups, which leave the standing groups as they are."""
    with _exits(lang.value):
        from grouping.taskforce import command
        from grouping.writing import check_place

        if out is not None:
            check_place(out, force=force)
        people = reading.roster()
        files = command.Files(tasks, standing, policy, history or (), hours_worked, fixed or ())
        plan = command.form(people, files, time_limit=time_limit, seed=seed, workers=workers)
        if out is not None:
            command.write(plan, out)
        typer.echo(plan.to_json() if as_json else command.told(plan, lang.value, reserve))
        if out is not None:
            typer.echo(str(out), err=True)


@app.command()
def template(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write it to.")],
    lang: Annotated[Lang, typer.Option("--lang", help="Language of the headers.")] = Lang.zh,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
) -> None:
    """Write an empty workbook to be filled in: headers, examples, drop-downs."""
    with _exits(lang.value):
        from grouping.roster.blank import write_template

        typer.echo(str(write_template(folder, lang=lang.value, force=force)))


@app.command()
def demo(time_limit: Limit = 55.0, lang: Language = Lang.en) -> None:
    """Form the groups of the sample branch, and show them beside today's."""
    with _exits():
        from grouping.plan.summary import WORDS, summary
        from grouping.policy import Policy
        from grouping.roster import read_roster
        from grouping.samples import sample_path

        typer.echo(WORDS[lang.value]["demo"].format(limit=time_limit))
        typer.echo("")
        people = read_roster(sample_path("branch_42"))
        policy = Policy.balanced(size=(6, 12))
        plan = _form(people, policy, time_limit, 0)
        typer.echo(summary(people, policy, plan, lang.value))


def _pair(text: str) -> tuple[str, str]:
    theirs, _, ours = text.rpartition("=")
    return theirs.strip(), ours.strip()


def _policy(
    file: Path | None, preset: Preset | None, size: str | None, groups: str | None, sessions: int | None
) -> Policy:
    """Return the policy that the options describe; options win over the file."""
    from grouping.policy import Attendance, Criterion, Policy, Quorum

    if file is not None and preset is not None:
        raise PolicyError(
            Issue("both", "give a policy file or a preset, not both", advice='write preset = "…" into the file')
        )
    limits, number = _range(size), _range(groups)
    counts = None if number is None else number[0] if number[0] == number[1] else number
    if file is None:
        make = getattr(Policy, (preset or Preset.balanced).value)
        policy: Policy = make(groups=counts) if limits is None else make(size=limits, groups=counts)
    else:
        policy = Policy.load(file)
        changes = {"size": limits, "groups": counts}
        policy = policy.replace(**{key: value for key, value in changes.items() if value is not None})
    if sessions is None:
        return policy
    if not any(isinstance(criterion, Attendance | Quorum) for criterion in (*policy.must, *policy.prefer)):
        raise PolicyError(Issue("no_sessions", "--sessions needs Attendance or Quorum in the policy"))

    def meeting(criterion: Criterion) -> Criterion:
        return replace(criterion, sessions=sessions) if isinstance(criterion, Attendance | Quorum) else criterion

    return policy.replace(must=list(map(meeting, policy.must)), prefer=list(map(meeting, policy.prefer)))


def _form(roster: Roster, policy: Policy, time_limit: float, seed: int, workers: int | None = None) -> Plan:
    from grouping.plan.forming import form_groups

    with _shown() as tell:
        return form_groups(roster, policy, time_limit=time_limit, seed=seed, workers=workers, on_progress=tell)


def _form_branches(roster: Roster, policy: Policy, out: Path, force: bool, **options: Any) -> None:
    """Write the branches one by one; the first that has no plan decides the exit code, when all others are written."""
    from grouping.plan.branches import form_branches
    from grouping.plan.saving import save_branches

    failed: dict[str, GroupingError] = {}
    with _shown() as tell:
        plans = form_branches(roster, policy, **options, on_progress=tell, on_error=failed.__setitem__)
        index = save_branches(plans, out, roster, force)
    for name, error in failed.items():
        typer.echo(f"grouping: branch {name}: {error}", err=True)
    typer.echo(str(index))
    for error in failed.values():
        raise typer.Exit(INFEASIBLE if isinstance(error, InfeasibleError) else NO_PLAN)


@contextmanager
def _shown() -> Iterator[Callable[[Progress], None] | None]:
    """Show a progress bar on stderr where that is a terminal."""
    from grouping.plan.bars import progress_bar

    if not sys.stderr.isatty():
        yield None
        return
    with progress_bar() as bar:
        yield bar


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal that knows no Chinese shows marks instead of failing
            reconfigure(errors="replace")
    try:
        app()
    except KeyboardInterrupt:  # while modules are still being loaded; later ones are met where they can be used
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
