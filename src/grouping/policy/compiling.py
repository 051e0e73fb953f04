"""From people to arrays: a roster and a policy become one Problem for each independent part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from grouping.errors import InfeasibleError, Issue, PolicyError
from grouping.phrases import Phrase, said, span
from grouping.policy.act import Leader, LeaderFit
from grouping.policy.context import Context
from grouping.policy.criterion import PRINCIPLES, Criterion, unknown
from grouping.policy.general import Apart, Together
from grouping.policy.policy import GroupSpec, Policy
from grouping.policy.rules import Keep, Within
from grouping.problem import BoolArray, Budget, Group, Placement, Problem, Role, Term
from grouping.roster.splitting import split_roster

if TYPE_CHECKING:
    from grouping.roster import Roster, Team


@dataclass(frozen=True)
class Entry:
    """One criterion as it went into a problem.

    Attributes
    ----------
    label : its name in scores and findings, unique within the problem
    criterion : the criterion itself
    principle : "convene", "act" or "manage"
    must : whether it is a rule
    share : its share of the plan's score, 0 for rules; the shares add up to 1
    terms : indices of its terms
    """

    label: str
    criterion: Criterion
    principle: str
    must: bool
    share: Fraction
    terms: tuple[int, ...]


@dataclass(frozen=True)
class Compiled:
    """One part of the roster, ready to be solved or scored.

    Attributes
    ----------
    name : the part's name, "" when there is only one
    roster, policy : of this part
    problem : the arrays
    entries : the criteria in it, rules first
    teams : names of the teams without members, which are the items after the members
    silent : wishes about which the roster says nothing, and rules of which it does not say what they ask about
    """

    name: str
    roster: Roster
    policy: Policy
    problem: Problem
    entries: tuple[Entry, ...]
    teams: tuple[str, ...]
    silent: tuple[str, ...]

    def entry_of(self, term: int) -> Entry:
        """Return the criterion that a term belongs to."""
        return next(entry for entry in self.entries if term in entry.terms)


def compile_parts(roster: Roster, policy: Policy, names: Mapping[str, str] | None = None) -> tuple[Compiled, ...]:
    """Return one compiled problem for each independent part of the roster.

    Parts are independent when ``Within`` keeps them apart, the number of groups is free, and no rule counts over the
    whole plan.

    Parameters
    ----------
    roster, policy : what is asked
    names : member id → group name of a division that is to be judged; None when groups are to be formed

    Raises
    ------
    PolicyError
        When the policy names a member, attribute or group that does not exist; all faults at once.
    InfeasibleError
        When sizes alone, or rules that join what borders separate, rule out every division.
    """
    return compile_drafts(drafts(roster, policy, names))


def compile_drafts(drafted: Iterable[Draft]) -> tuple[Compiled, ...]:
    """Return the compiled parts; sizes that rule out every division are told of all parts at once."""
    compiled: list[Compiled] = []
    impossible: list[str] = []
    for draft in drafted:
        try:
            compiled.append(draft.compiled())
        except InfeasibleError as error:
            impossible += error.reasons
    if impossible:
        raise InfeasibleError(impossible)
    return tuple(compiled)


@dataclass(frozen=True)
class Draft:
    """One independent part before it is compiled, which is what takes the memory.

    Attributes
    ----------
    name : the part's name, "" when there is only one
    roster, policy : of this part
    names : member id → group name of a division that is to be judged; None when groups are to be formed
    called : names of groups that can be used, besides those that rules call for; others are called G1, G2, …
    """

    name: str
    roster: Roster
    policy: Policy
    names: Mapping[str, str] | None = None
    called: tuple[str, ...] = ()

    def compiled(self) -> Compiled:
        """Return the part's problem; raises InfeasibleError when sizes alone rule out every division."""
        return _compile(self)

    def loosened(self, rules: Sequence[Criterion], slots: int) -> Compiled:
        """Return the problem with other rules, whose groups take any number of members and need not be used.

        Parameters
        ----------
        rules : what stands for the rules of the policy, such as their pieces
        slots : how many groups there are, unless they are named
        """
        return _compile(self, (tuple(rules), slots))

    def context(self) -> Context:
        """Return what criteria see of the part, without any groups."""
        return Context(self.roster, (), self.policy.size, _likely_count(self.policy, len(self.roster)))


def drafts(roster: Roster, policy: Policy, names: Mapping[str, str] | None = None) -> Iterator[Draft]:
    """Yield the independent parts of a roster one after another, checked but not compiled.

    Parameters and errors are those of :func:`compile_parts`.
    """
    asked = with_requests(roster, policy)
    check_members(roster, asked)
    for part, sub, rules in _split(roster, asked, judged=names is not None):
        yield Draft(part, sub, rules, names)


def with_requests(roster: Roster, policy: Policy) -> Policy:
    """Return the policy with the constraint list of the roster added."""
    if not policy.requests:
        return policy
    more: dict[str, list[Criterion]] = {"must": [], "prefer": []}
    leads = any(isinstance(criterion, Leader | LeaderFit) for criterion in (*policy.must, *policy.prefer))
    for request in roster.requests:
        criterion: Criterion
        if request.kind == "not_leader":
            if not leads:
                continue
            criterion = Leader(exclude=request.members)
        else:
            criterion = Together(request.members) if request.kind == "together" else Apart(request.members)
        if criterion not in (*policy.must, *policy.prefer, *more[request.strength]):
            more[request.strength].append(criterion)
    return replace(policy, must=(*policy.must, *more["must"]), prefer=(*policy.prefer, *more["prefer"]), requests=False)


def check_members(roster: Roster, policy: Policy) -> None:
    """Raise PolicyError when the policy names members who are not in the roster."""
    known = set(roster.member_ids)
    faults = [
        unknown("member", member, roster.member_ids, owner=criterion.label)
        for criterion in (*policy.must, *policy.prefer)
        for member in criterion.named
        if member not in known
    ]
    if isinstance(policy.groups, tuple):
        leaders = [spec.leader for spec in policy.groups if isinstance(spec, GroupSpec) and spec.leader is not None]
        faults += [unknown("member", leader, roster.member_ids, "groups") for leader in leaders if leader not in known]
    if faults:
        raise PolicyError(faults)


def _split(roster: Roster, policy: Policy, judged: bool) -> Iterator[tuple[str, Roster, Policy]]:
    """Yield (name, roster, policy) of each independent part; a team without members goes to one part only."""
    part_of = parts_of(roster, policy)
    if len(set(part_of.values())) < 2:
        yield "", roster, policy
        return
    if not judged and (found := torn(policy, part_of)):
        raise InfeasibleError([why_torn(rule, border) for rule, border in found])
    subs = split_roster(roster, part_of)
    home = _homes(list(subs.values()))
    for i, (part, sub) in enumerate(subs.items()):
        own = replace(sub, teams=tuple(team for team in sub.teams if home.get(_key(team), i) == i))
        yield part, own, _restricted(policy, frozenset(sub.member_ids))


def parts_of(roster: Roster, policy: Policy) -> dict[str, str]:
    """Return the name of the independent part that each member belongs to, "" when there is one part only."""
    borders = [criterion for criterion in policy.must if isinstance(criterion, Within)]
    whole = policy.groups is not None or any(criterion.allowance is not None for criterion in policy.must)
    if whole or not borders:
        return dict.fromkeys(roster.member_ids, "")
    context = Context(roster, (), policy.size, (0, 0))
    values = zip(*(border.values(context) for border in borders), strict=True)
    return {member: "-".join(filter(None, v)) for member, v in zip(roster.member_ids, values, strict=True)}


def torn(policy: Policy, part_of: Mapping[str, str]) -> list[tuple[Together, Within]]:
    """Return the rules that join members of several parts, each with the border that keeps these apart."""
    border = next((criterion for criterion in policy.must if isinstance(criterion, Within)), None)
    rules = [criterion for criterion in policy.must if isinstance(criterion, Together)]
    return [(rule, border) for rule in rules if border and len({part_of[member] for member in rule.ids}) > 1]


def why_torn(rule: Together, border: Within) -> Phrase:
    """Return the sentence about a rule that joins what a border separates."""
    attr = {"branch": "支部", "department": "部门"}.get(border.attr, border.attr)
    return Phrase(
        f"{rule.label} asks for members whom {border.label} keeps apart",
        f"{'、'.join(rule.ids)}须同组，但{attr}不同，不能跨{attr}编组",
    )


def _key(team: Team) -> tuple[str | None, str]:
    return team.department, team.team


def _homes(parts: Sequence[Roster]) -> dict[tuple[str | None, str], int]:
    """Return the part that looks after each team without members: most members of its department, then at its site."""
    ranks: dict[tuple[str | None, str], list[tuple[int, int, int]]] = {}
    for i, part in enumerate(parts):
        for team in part.uncovered_teams:
            near = sum(member.department == team.department for member in part.members)
            there = sum(member.site == team.site for member in part.members)
            ranks.setdefault(_key(team), []).append((-near, -there, i))
    return {key: min(found)[2] for key, found in ranks.items()}


def without_members(policy: Policy, gone: Iterable[str]) -> Policy:
    """Return the policy without what it says about members who are no longer there; other ids stay."""
    left = frozenset(gone)
    must, prefer = (
        [c for c in (criterion.forgetting(left) for criterion in part) if c is not None]
        for part in (policy.must, policy.prefer)
    )
    groups = policy.groups
    if isinstance(groups, tuple) and isinstance(groups[0], GroupSpec):
        specs = (spec for spec in groups if isinstance(spec, GroupSpec))
        groups = tuple(replace(spec, leader=None) if spec.leader in left else spec for spec in specs)
    return replace(policy, must=must, prefer=prefer, groups=groups)


def _restricted(policy: Policy, ids: frozenset[str]) -> Policy:
    def kept(criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
        return tuple(c for c in (criterion.restricted(ids) for criterion in criteria) if c is not None)

    return replace(policy, must=kept(policy.must), prefer=kept(policy.prefer))


def group_count(policy: Policy, members: int) -> tuple[int, int]:
    """Return the fewest and the most groups that the policy and the sizes allow.

    Raises
    ------
    InfeasibleError
        When no number of groups fits; the message counts why.
    """
    lo, hi = policy.size
    fewest, most = -(-members // hi), members // lo
    if isinstance(policy.groups, int):
        asked = (policy.groups, policy.groups)
    elif isinstance(policy.groups, tuple) and not isinstance(policy.groups[0], GroupSpec):
        asked = (int(policy.groups[0]), int(policy.groups[1]))
    elif isinstance(policy.groups, tuple):
        limits = [spec.size or policy.size for spec in policy.groups if isinstance(spec, GroupSpec)]
        least, room = sum(size[0] for size in limits), sum(size[1] for size in limits)
        if not least <= members <= room:
            raise InfeasibleError(
                Phrase(
                    f"the named groups take {least} to {room} members; there are {members}",
                    f"指定的小组共可容纳{least}至{room}人，实有{members}人",
                )
            )
        return len(limits), len(limits)
    else:
        asked = (fewest, most)
    low, high = max(asked[0], fewest), min(asked[1], most)
    if low > high:
        raise InfeasibleError(_why_no_count(members, lo, hi, asked, policy.groups is None))
    return low, high


def _why_no_count(members: int, lo: int, hi: int, asked: tuple[int, int], free: bool) -> Phrase:
    size = span(lo, hi)
    if members < lo:
        return Phrase(
            f"{members} members are fewer than one group of at least {lo} needs",
            f"共{members}人，不足以组成一个至少{lo}人的小组",
        )
    if free:
        k = members // lo
        held = f"{k} {'group holds' if k == 1 else 'groups hold'} at most {k * hi}"
        needed = f"{k + 1} groups need at least {(k + 1) * lo}"
        return Phrase(
            f"{members} members cannot be divided into groups of {size}: {held}, {needed}",
            f"{members}人无法分成每组{size.zh}人的小组：{k}个组最多容纳{k * hi}人，{k + 1}个组至少需要{(k + 1) * lo}人",
        )
    if asked[1] < 1:
        return Phrase(f"no group is left for {members} members", f"没有小组可以编入其余{members}人")
    number = span(*asked)
    groups = "1 group" if number == "1" else f"{number} groups"
    return Phrase(
        f"{members} members do not fit into {groups} of {size}: "
        f"they hold at most {asked[1] * hi} and need at least {asked[0] * lo}",
        f"{members}人不能分成{number.zh}个每组{size.zh}人的小组："
        f"这些小组最多容纳{asked[1] * hi}人，至少需要{asked[0] * lo}人",
    )


def _likely_count(policy: Policy, members: int) -> tuple[int, int]:
    """Return the range of the number of groups, any number when no number fits."""
    try:
        return group_count(policy, members)
    except InfeasibleError:
        return 0, members


def _compile(draft: Draft, loose: tuple[tuple[Criterion, ...], int] | None = None) -> Compiled:
    part, roster, policy, judged = draft.name, draft.roster, draft.policy, draft.names
    rules = policy.must
    if loose is None:
        groups, count, used = _groups(part, roster, policy, judged, draft.called)
    else:
        rules = loose[0]
        groups, count = _open_groups(part, roster, policy, loose[1]), _likely_count(policy, len(roster))
        used = (0, len(groups))
    context = Context(roster, [group.name for group in groups], policy.size, count, closed=judged is None)
    made: list[tuple[Criterion, bool, list[Term], list[Placement]]] = []
    silent: list[str] = []
    faults: list[Issue] = []
    wishes = [c for c in policy.prefer if policy.principles[c.principle or c.home]]
    for criterion, must in [*((c, True) for c in rules), *((c, False) for c in wishes)]:
        try:
            data = criterion.terms(context)
        except PolicyError as error:
            faults.extend(error.issues)
            continue
        if not data:
            if not must or criterion.asks_roster:
                silent.append(criterion.label)
            continue
        placed = [entry for entry in data if isinstance(entry, Placement)]
        made.append((criterion, must, [entry for entry in data if isinstance(entry, Term)], placed))
    if faults:
        raise PolicyError(faults)
    shares, scale = _shares([c for c, must, *_ in made if not must], policy)
    terms: list[Term] = []
    placements: list[Placement] = []
    entries: list[Entry] = []
    budgets: list[tuple[str, range, int]] = []
    soft = iter(shares)
    for criterion, must, data_terms, placed in made:
        share = Fraction(0) if must else next(soft)
        label = _unique(criterion.label, [entry.label for entry in entries])
        first = len(terms)
        weight = int(share * scale)
        allowance = criterion.allowance if must else None
        demanded = must and allowance is None
        terms += [replace(term, name=label, weight=weight, must=demanded) for term in data_terms]
        if allowance is not None:
            budgets.append((label, range(first, len(terms)), allowance))
        placements += placed
        principle = criterion.principle or criterion.home
        entries.append(Entry(label, criterion, principle, must, share, tuple(range(first, len(terms)))))
    named_terms, named_placements = _leaders_in_office(context, policy)
    problem = Problem(
        size=np.array([1] * context.members + [0] * len(context.teams)),
        groups=groups,
        choices=tuple(context.choices.values()),
        terms=(*terms, *named_terms),
        placements=(*placements, *named_placements),
        least=used[0],
        most=used[1],
        scale=scale,
        keys=(*roster.member_ids, *(f"team:{team.team}" for team in context.teams)),
        worst_first=policy.fairness == "worst",
        budgets=tuple(
            Budget(name, tuple(int(t in counted) for t in range(len(terms) + len(named_terms))), most)
            for name, counted, most in budgets
        ),
    )
    teams = tuple(team.team for team in context.teams)
    return Compiled(part, roster, policy, problem, tuple(entries), teams, tuple(silent))


def _groups(
    part: str, roster: Roster, policy: Policy, judged: Mapping[str, str] | None, more: Sequence[str]
) -> tuple[tuple[Group, ...], tuple[int, int], tuple[int, int]]:
    """Return the groups of a part, the range of their number that criteria see, and the one that is demanded.

    The two differ where groups are kept whole: that a part of the roster is settled already must not change what an
    even size is.
    """
    specs = _specs(policy)
    keeps = [rule for rule in policy.must if isinstance(rule, Keep)]
    whole = {rule.group: len(rule.members) for rule in keeps if rule.whole}
    limits = {spec.name: spec.size or policy.size for spec in specs} | {name: (n, n) for name, n in whole.items()}
    try:
        sized = [replace(spec, size=limits[spec.name]) for spec in specs]
        count = group_count(replace(policy, groups=tuple(sized)) if sized else policy, len(roster))
    except InfeasibleError as error:
        if judged is None and (specs or not whole):
            raise InfeasibleError([in_part(part, reason) for reason in error.reasons]) from None
        count = (0, len(roster))
    if judged is not None:
        names = list(dict.fromkeys([*limits, *(judged[m] for m in roster.member_ids if m in judged)]))
        required = {spec.name for spec in specs} | set(whole)
        return tuple(Group(n, *limits.get(n, policy.size), required=n in required) for n in names), count, count
    if specs:
        return tuple(Group(spec.name, *limits[spec.name], required=True) for spec in specs), count, count
    asked = _beside(part, policy, len(roster), whole) if whole else count
    names = _names(part, [*(name for rule in policy.must for name in rule.calls), *more], asked[1])
    required = {rule.group for rule in keeps} if asked[0] < len(names) or asked[0] < asked[1] else set(names)
    return tuple(Group(n, *limits.get(n, policy.size), required=n in required) for n in names), count, asked


def _names(part: str, called: Sequence[str], most: int) -> list[str]:
    """Return the names of ``most`` groups, or of more if more are called for: own names first, then numbers."""
    prefix = f"{part}-" if part else ""
    plain = [f"{prefix}G{i}" for i in range(1, len(called) + most + 1)]
    own = [name for name in dict.fromkeys(called) if name not in plain]
    fresh = [name for name in plain if name not in called][: max(most - len(set(called)), 0)]
    return [*own, *(name for name in plain if name in called or name in fresh)]


def _beside(part: str, policy: Policy, members: int, whole: Mapping[str, int]) -> tuple[int, int]:
    """Return the range of the number of groups when some are kept whole and the rest of the members is divided.

    Raises
    ------
    InfeasibleError
        When no number of groups fits the rest.
    """
    rest, kept = members - sum(whole.values()), len(whole)
    fewest, most = -(-rest // policy.size[1]), rest // policy.size[0]
    asked = (fewest, most)
    if isinstance(policy.groups, int):
        asked = (policy.groups - kept, policy.groups - kept)
    elif isinstance(policy.groups, tuple):
        low, high = (int(number) for number in policy.groups if not isinstance(number, GroupSpec))
        asked = (low - kept, high - kept)
    least, largest = max(asked[0], fewest), min(asked[1], most)
    if least > largest or rest < 0:
        reason = _why_no_count(max(rest, 0), *policy.size, asked, policy.groups is None)
        said_zh = f"除保持不变的小组外，{said(reason, 'zh')}"
        raise InfeasibleError([in_part(part, Phrase(f"beside the groups that are kept whole, {reason}", said_zh))])
    return least + kept, largest + kept


def _specs(policy: Policy) -> list[GroupSpec]:
    return [spec for spec in policy.groups if isinstance(spec, GroupSpec)] if isinstance(policy.groups, tuple) else []


def _open_groups(part: str, roster: Roster, policy: Policy, slots: int) -> tuple[Group, ...]:
    """Return groups that take any number of members and need not be used."""
    prefix = f"{part}-" if part else ""
    names = [spec.name for spec in _specs(policy)] or [f"{prefix}G{i}" for i in range(1, slots + 1)]
    return tuple(Group(name, 1, max(len(roster), 1)) for name in names)


def in_part(part: str, reason: str) -> str:
    """Return a sentence that names the part it is about."""
    return Phrase(f"in {part}: {reason}", f"{part}：{said(reason, 'zh')}") if part else reason


def _shares(criteria: Sequence[Criterion], policy: Policy) -> tuple[list[Fraction], int]:
    """Return the share of each criterion in the score, and the common denominator of all."""
    principle = [c.principle or c.home for c in criteria]
    weight = [_exact(c.weight) for c in criteria]
    total = {p: sum((w for w, q in zip(weight, principle, strict=True) if p == q), Fraction(0)) for p in PRINCIPLES}
    over = {p: _exact(policy.principles[p]) if total[p] else Fraction(0) for p in PRINCIPLES}
    whole = sum(over.values())
    if not whole:
        return [Fraction(0)] * len(criteria), 1
    shares = [w / total[p] * over[p] / whole for w, p in zip(weight, principle, strict=True)]
    return shares, lcm(*(share.denominator for share in shares))


def _exact(number: float | Fraction) -> Fraction:
    """Return a weight as the fraction a person means: 0.1 is one tenth."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def _unique(label: str, taken: Sequence[str]) -> str:
    if label not in taken:
        return label
    return next(name for i in range(2, len(taken) + 3) if (name := f"{label} #{i}") not in taken)


def _leaders_in_office(context: Context, policy: Policy) -> tuple[list[Term], list[Placement]]:
    """Return what keeps the leaders that group specs name in office."""
    terms: list[Term] = []
    placements: list[Placement] = []
    for spec in policy.groups if isinstance(policy.groups, tuple) else ():
        if not isinstance(spec, GroupSpec) or spec.leader is None or spec.name not in context.groups:
            continue
        item, group = context.items_of([spec.leader], "groups")[0], context.groups.index(spec.name)
        eligible: BoolArray = np.zeros(context.items, dtype=np.bool_)
        eligible[item] = True
        label = f"leader of {spec.name}"
        points = np.zeros(context.items, dtype=np.int64)
        terms.append(Role(name=label, seat="leader", points=points, eligible=eligible, must=True, groups=(group,)))
        placements.append(Placement(label, item, (group,)))
    return terms, placements
