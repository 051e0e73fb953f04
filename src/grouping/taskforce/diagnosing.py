"""Why no choice keeps every rule: which role and which team block it, and the smallest change that helps.

First it is counted, role by role, who qualifies and who is ruled out by what. Then the model is solved with a slack on
every limit: what must give, and how little, with the people who would come then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from grouping.phrases import Phrase
from grouping.solving.clock import Clock
from grouping.solving.cpsat import run
from grouping.taskforce.easing import other_changes
from grouping.taskforce.gaps import Gap, ruled_out_by
from grouping.taskforce.model import LimitKey, TaskModel

if TYPE_CHECKING:
    from grouping.taskforce.case import Case, Option
    from grouping.taskforce.teams import Post

_SECONDS = 10.0
_PRICES = {
    "size below": 1,  # follows from roles that fall short
    "releases above": 1,  # one person can need many, and doing without that person is no smaller change
    "share above": 16,
    "share_at above": 16,
    "group above": 16,
    "keep above": 4,  # one person can leave several shifts
    "role below": 40,
    "wave below": 48,
    "size above": 56,
    "full below": 56,
}
_DEAREST = 72
"""Of giving up anything else, such as a leader or a member who has to be there."""
_KEPT = ("role above", "leader above", "deputy above")
"""Limits that nobody gains by exceeding."""
_SHOWN = 6
WHY = {
    "skills": ("without the skills", "不具备技能"),
    "participation": ("excused or not on site", "免参加或不到现场"),
    "busy": ("serving in a task that stands", "已在其他任务中"),
    "rule": ("ruled out by name", "被指定不参加"),
    "unknown": ("without a known rota then", "班次未知"),
    "rest": ("in protected rest", "处于保护休息"),
    "response": ("too far away to respond", "到场时间过长"),
    "releases": ("released from too many shifts", "需抽离班次过多"),
    "overtime": ("over the limit of overtime", "超出加班上限"),
}
"""Code of `Screening.ruled_out` and `Screening.hindered` → words."""


def reasons_of(case: Case, *, seed: int = 0, workers: int = 2) -> list[Phrase]:
    """Return in words why a case has no solution, the most telling first; empty lists are never returned."""
    gaps = smallest_relaxation(case, seed=seed, workers=workers)
    reasons = list(dict.fromkeys(_sentence(case, gap, gaps) for gap in gaps))
    if len(reasons) > _SHOWN:
        more = len(reasons) - _SHOWN
        reasons = [*reasons[:_SHOWN], Phrase(f"and {more} more limits would have to give", f"另有{more}项限制须放宽")]
    if len(reasons) > 1:
        reasons.append(Phrase("only all of these changes together help", "以上调整须一并进行才能成立"))
    reasons += other_changes(case, gaps, seed, workers)
    if not reasons:
        en = "rules about named members, rest and times contradict each other, whatever numbers are asked for"
        reasons.append(Phrase(en, "关于指定成员、休息和时间的规则互相矛盾，与人数无关"))
    return reasons


def smallest_relaxation(case: Case, *, seed: int = 0, workers: int = 2) -> list[Gap]:
    """Return the limits that have to give, with as little as possible given; none when no numbers help."""
    model = cp_model.CpModel()
    slacks: list[tuple[LimitKey, cp_model.IntVar]] = []

    def slack(key: LimitKey, most: int) -> cp_model.IntVar | None:
        if key[0] in _KEPT:
            return None
        # what is asked for can fall to nothing; what is allowed can grow to everybody
        reach = most if key[0].endswith("below") else len(case.roster) * 10
        variable = model.new_int_var(0, reach, f"slack{len(slacks)}")
        slacks.append((key, variable))
        return variable

    built = TaskModel(case, rests=None, slack=slack, model=model)
    prices = [_PRICES.get(key[0], _DEAREST) for key, _ in slacks]
    model.minimize(cp_model.LinearExpr.weighted_sum([variable for _, variable in slacks], prices))
    answer = run(model, Clock(_SECONDS), _SECONDS, workers, seed)
    if answer.status not in ("optimal", "feasible"):
        return []
    chosen = tuple(case.options[position] for position, literal in built.x.items() if answer.value(literal))
    found = [Gap(key, answer.value(variable), chosen) for key, variable in slacks if answer.value(variable)]
    return sorted(_telling(found), key=lambda gap: _PRICES.get(gap.key[0], _DEAREST))


def _telling(gaps: Sequence[Gap]) -> list[Gap]:
    """Return the gaps without those that only follow from a role that falls short."""
    short = {(gap.key[1], gap.key[2]) for gap in gaps if gap.key[0] == "role below"}
    tasks = {t for t, _ in short}

    def follows(gap: Gap) -> bool:
        kind, t, about = gap.key
        return (kind == "size below" and t in tasks) or (
            kind == "wave below" and isinstance(about, tuple) and (t, about[0]) in short
        )

    return [gap for gap in gaps if not follows(gap)]


def _sentence(case: Case, gap: Gap, gaps: Sequence[Gap]) -> Phrase:
    kind, t, about = gap.key
    task = case.tasks[t]
    what = kind.split()[0]
    if what in ("share", "share_at") and isinstance(about, tuple):
        return _share_sentence(case, gap, str(about[1]), case.staffing.rows[about[0], about[1]])
    if what == "group":
        rows = [row for row, home in enumerate(case.homes) if home == about]
        return _share_sentence(case, gap, str(about), rows)
    if what in ("role", "wave"):
        return _role_sentence(case, gap)
    if what == "keep" and isinstance(about, tuple):
        return _keep_sentence(case, gap, gaps)
    roles = _roles(case, gap, [option for option in gap.chosen if option.task == t and option.effect.released])
    asked = {
        "releases": (
            f"{roles.en} need releases from more shifts than max_releases = {case.policy.of(task, 'max_releases')}; "
            f"it helps to allow {gap.amount} more",
            f"{roles.zh}需要抽离的班次多于上限{case.policy.of(task, 'max_releases')}；再允许抽离{gap.amount}个班次即可",
        ),
        "size": (
            f"the size {task.size[0]} to {task.size[1]} does not fit its roles and limits; it helps to allow "
            f"{gap.amount} {'fewer' if kind.endswith('below') else 'more'}",
            f"规模{task.size[0]}至{task.size[1]}人与角色和限制不符；"
            f"再允许{'少' if kind.endswith('below') else '多'}{gap.amount}人即可",
        ),
        "full": (
            f"{gap.amount} full members are missing of {task.min_full}; it helps to ask for fewer",
            f"正式党员少于要求的{task.min_full}人，还差{gap.amount}人；减少要求即可",
        ),
        "leader": (
            "nobody who can come may lead it; it helps to relax what a leader must be",
            "无人符合组长条件；放宽组长条件即可",
        ),
        "deputy": ("nobody else may be its deputy; it helps to do without one", "无人符合副组长条件；不设副组长即可"),
        "led": (
            f"neither leader nor deputy can be there in wave {about}; it helps to do without a deputy",
            f"第{about}波次组长和副组长均不能在场；不设副组长即可",
        ),
        "pin": (
            f"{about} has to be there and cannot; it helps to drop that rule",
            f"{about}须参加但不能参加；取消该要求即可",
        ),
    }
    en, zh = asked[what]
    return Phrase(f"{task.task_id}: {en}", f"{task.task_id}：{zh}")


@dataclass(frozen=True)
class _Words:
    en: str
    zh: str


def _roles(case: Case, gap: Gap, options: Sequence[Option]) -> _Words:
    names = list(dict.fromkeys(case.tasks[option.task].roles[option.role].name for option in options))
    en = ("the roles " if len(names) > 1 else "the role ") + ", ".join(names) if names else "its roles"
    return _Words(en, "角色" + "、".join(names))


def _share_sentence(case: Case, gap: Gap, team: str, rows: Sequence[int]) -> Phrase:
    """Return the sentence about a team or group that would have to give more than its share."""
    what, t, _ = gap.key
    task = case.tasks[t]
    of = "group" if what.startswith("group") else "team"
    mine = [option for option in gap.chosen if option.task == t and option.member in set(rows)]
    blocked = [r for r in {option.role for option in mine} if _short(case, t, r, of)] or sorted(
        {option.role for option in mine}
    )
    limit = case.share_limit(task, len(rows), of)
    needed = ", ".join(f"{task.roles[r].name} needs {task.roles[r].min}" for r in blocked)
    needed_zh = "、".join(f"{task.roles[r].name}需要{task.roles[r].min}人" for r in blocked)
    share = case.policy.of(task, f"max_share_from_one_{of}")
    down = case.policy.of(task, "max_share_rounding") == "floor"
    rounded = "down" if down else "up"
    en = (
        f"{task.task_id}: {needed}, but {team} may give only {limit} of its {len(rows)} members ({share:g} × "
        f"{len(rows)}, rounded {rounded}) and others who qualify are not enough; the smallest change that helps is "
        f"{gap.amount} more from {team}"
    )
    zh = (
        f"{task.task_id}：{needed_zh}，但{team}{len(rows)}人中最多只能抽调{limit}人（{share:g}×{len(rows)}，"
        f"向{'下' if down else '上'}取整），其他合格人员不足；最小的调整是从{team}多抽调{gap.amount}人"
    )
    return Phrase(en, zh)


def _short(case: Case, t: int, r: int, of: str) -> bool:
    """Tell whether a role cannot be filled within the shares of teams (or groups), whoever else serves."""
    rows = {case.options[position].member for position in case.in_role.get((t, r), ())}
    homes: Counter[object] = Counter()
    sizes: dict[object, int] = {}
    for row in rows:
        member = case.roster.members[row]
        key: object = case.homes[row] if of == "group" else (member.department, member.team)
        homes[key] += 1
        sizes[key] = (
            case.home_size[case.homes[row]]
            if of == "group"
            else len(case.staffing.rows.get((member.department, member.team or ""), (row,)))
        )
    total = 0
    for key, count in homes.items():
        most = case.share_limit(case.tasks[t], sizes[key], of)
        total += count if most is None else min(count, most)
    return total < case.tasks[t].roles[r].min


def _role_sentence(case: Case, gap: Gap) -> Phrase:
    """Return the sentence about a role that too few can fill, and what rules out those who have the skills."""
    _, t, about = gap.key
    task = case.tasks[t]
    r = about[0] if isinstance(about, tuple) else about
    assert isinstance(r, int)
    role = task.roles[r]
    able, out = ruled_out_by(case, t, r, about[1] if isinstance(about, tuple) else None)
    ids = case.roster.member_ids
    en_why, zh_why = [], []
    for code, rows in sorted(out.items(), key=lambda item: -len(item[1])):
        shown = ", ".join(ids[row] for row in rows[:_SHOWN]) + (", …" if len(rows) > _SHOWN else "")
        en_why.append(f"{len(rows)} {WHY[code][0]} ({shown})")
        zh_why.append(f"{len(rows)}人{WHY[code][1]}（{shown}）")
    teams = Counter(case.roster.members[row].team or case.roster.members[row].department for row in able)
    if teams:
        given = ", ".join(f"{team} {count}" for team, count in teams.most_common(_SHOWN))
        en_why.append(f"the others are of {given}")
        zh_why.append(f"其余来自{given}")
    wave = f" in wave {about[1]}" if isinstance(about, tuple) else ""
    wave_zh = f"第{about[1]}波次" if isinstance(about, tuple) else ""
    least = role.per_wave if wave else role.min
    qualified = len(able) + sum(map(len, out.values()))
    en = (
        f"{task.task_id}: {role.name} needs {least}{wave} and finds {least - gap.amount}: of {qualified} with the "
        f"skills {len(able)} can come" + (f"; {', '.join(en_why)}" if en_why else "")
    )
    zh = (
        f"{task.task_id}：{role.name}{wave_zh}需要{least}人，只能有{least - gap.amount}人："
        f"{qualified}名合格人员中{len(able)}人能到" + (f"；{'，'.join(zh_why)}" if zh_why else "")
    )
    return Phrase(
        f"{en}; the smallest change that helps is to ask for {gap.amount} fewer, or {gap.amount} more who qualify",
        f"{zh}；最小的调整是少要{gap.amount}人，或再找{gap.amount}名合格人员",
    )


def _keep_sentence(case: Case, gap: Gap, gaps: Sequence[Gap]) -> Phrase:
    """Return the sentence about a team of which too few would stay, in all the shifts in which that is so."""
    _, t, post = gap.key
    assert isinstance(post, tuple)
    keep = case.policy.of(case.tasks[t], "keep_on_duty")
    alike = [other for other in gaps if other.key[:2] == gap.key[:2] and _team(other) == _team(gap)]
    stay: dict[Post, int] = {}
    for other in alike:
        where: Post = other.key[2]  # type: ignore[assignment]
        stay[where] = min(keep, len(case.staffing.members(where)) + case.staffing.others(where)) - other.amount
    leaving = [
        option
        for option in gap.chosen
        if any(case.post(option.member, shift.day, shift.code) in stay for shift, _ in option.effect.released)
    ]
    roles = _roles(case, gap, leaving)
    shown = [f"{day} ({code})" for _, _, day, code in sorted(stay)[:_SHOWN]] + ["…"] * (len(stay) > _SHOWN)
    en = (
        f"{case.tasks[t].task_id}: {roles.en} can only be filled from {post[1]}, of which {keep} must stay on duty on "
        f"{', '.join(shown)}; the smallest change that helps is to keep {min(stay.values())} there"
    )
    zh = (
        f"{case.tasks[t].task_id}：{roles.zh}只能由{post[1]}补足，而该班组{'、'.join(shown)}须留岗{keep}人；"
        f"最小的调整是该班组留岗{min(stay.values())}人"
    )
    return Phrase(en, zh)


def _team(gap: Gap) -> object:
    about = gap.key[2]
    return about[:2] if isinstance(about, tuple) else about
