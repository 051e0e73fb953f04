"""The verifier finds every kind of broken promise, and nothing in plans that keep them."""

from __future__ import annotations

import datetime as dt

import pytest

import grouping as gp
from grouping.roster import Member, Roster
from grouping.roster.schema import Request, ShiftCode, ShiftPattern, Team
from grouping.taskforce.records import Given, Release, RestBroken, Service, TaskForceResult
from grouping.taskforce.schema import Lead, Task, TaskRole, TaskRule, Wave
from grouping.taskforce.verifying import verify

CONFERENCE, REPAIR = "EV-CONF-2026-12", "EV-REPAIR-2026-12"


@pytest.fixture(scope="module")
def roster():
    return gp.read_roster(gp.sample_path("branch_42"))


@pytest.fixture(scope="module")
def good(roster):
    tasks = gp.read_tasks(gp.sample_path("branch_42") / "tasks.json")
    return gp.form_task_forces(roster, tasks, time_limit=20).result


def changed(result, **changes):
    """Return a result with other records; bound and status give way."""
    return TaskForceResult.model_construct(**{**dict(result), **changes})


def with_task(result, task_id, **changes):
    return changed(
        result, tasks=tuple(t.model_copy(update=changes) if t.task_id == task_id else t for t in result.tasks)
    )


def with_service(result, number, **changes):
    services = list(result.services)
    services[number] = services[number].model_copy(update=changes)
    return changed(result, services=tuple(services))


def with_policy(result, **changes):
    return changed(result, policy=result.policy.model_copy(update=changes))


def says(roster, result, *words):
    faults = verify(roster, result)
    assert any(all(word in fault for word in words) for fault in faults), faults


def first(result, task_id, **where):
    return next(
        number
        for number, one in enumerate(result.services)
        if one.task == task_id and all(getattr(one, name) == value for name, value in where.items())
    )


def test_a_plan_that_keeps_everything_has_no_faults(roster, good):
    assert verify(roster, good) == []
    assert good.status == "optimal"


def test_names_appear_in_no_fault(roster, good):
    told = " ".join(verify(roster, changed(good, services=good.services[3:], releases=())))
    assert told
    assert not any(member.name in told for member in roster.members)


# --- who serves ------------------------------------------------------------------------------------------------------


def test_somebody_missing_is_found(roster, good):
    broken = changed(good, services=good.services[1:])
    says(roster, broken, CONFERENCE, "13 members, the size is 14 to 18")
    says(roster, broken, "1 people in the role 会务服务", "2 to 3 are asked for")


def test_an_unknown_member_a_role_that_is_not_there_and_a_seat_too_many_are_found(roster, good):
    says(roster, with_service(good, 0, member_id="nobody"), "nobody is not in the roster")
    says(roster, with_service(good, 0, role="cook"), "has a role that the task has not")
    says(roster, changed(good, services=(*good.services, good.services[0])), "serves twice in the task")
    says(roster, with_service(good, first(good, REPAIR), waves=()), "serves in no wave")
    says(roster, with_service(good, first(good, REPAIR), waves=(9,)), "waves that the task has not")
    says(roster, with_service(good, 0, home="elsewhere"), "is of another home group")


def test_a_wave_without_a_role_it_needs_is_found(roster, good):
    at = first(good, REPAIR, role="管道/暖通 pipe & HVAC", waves=(1, 3))
    says(roster, with_service(good, at, waves=(1,)), "wave 3 has 0 in the role 管道/暖通 pipe & HVAC, 1 are asked for")


def test_missing_skills_are_found(roster, good):
    other = next(m.member_id for m in roster.members if not m.skills)
    says(roster, with_service(good, 0, member_id=other, home=good.given.homes[other]), other, "lacks the skills")
    conference = next(task for task in good.tasks if task.task_id == CONFERENCE)
    roles = tuple(role.model_copy(update={"skills_all": ("x",)}) for role in conference.roles)
    says(roster, with_task(good, CONFERENCE, roles=roles), "lacks the skills")
    roles = tuple(role.model_copy(update={"business_lines": ("x",)}) for role in conference.roles)
    says(roster, with_task(good, CONFERENCE, roles=roles), "is of another business line")


def test_who_takes_no_part_is_found(roster, good):
    chosen = good.services[0].member_id
    members = tuple(
        m.model_copy(update={"participation": "excused"}) if m.member_id == chosen else m for m in roster.members
    )
    says(roster.with_members(members), good, chosen, "takes no part")


def test_too_few_full_members_are_found(roster, good):
    says(roster, with_task(good, CONFERENCE, min_full=18), "full members, 18 are asked for")


def test_leaders_who_may_not_lead_are_found(roster, good):
    leader = first(good, CONFERENCE, lead="leader")
    chosen = good.services[leader].member_id
    says(roster, with_service(good, leader, lead="member"), "0 people as leader")
    says(roster, with_service(good, 0, lead="leader"), "2 people as leader")

    def who(**update):
        return roster.with_members(
            tuple(m.model_copy(update=update) if m.member_id == chosen else m for m in roster.members)
        )

    says(who(status="probationary"), good, chosen, "no full member")
    says(who(leader_eligible=False), good, chosen, "not eligible")
    says(who(participation="online_only"), good, chosen, "does not always take part in person")
    request = Request(kind="not_leader", members=(chosen,))
    says(Roster(**{**roster.__dict__, "requests": (request,)}), good, chosen, "by request of the roster no leader")


def test_a_wave_without_leader_and_deputy_is_found(roster, good):
    leader = first(good, REPAIR, lead="leader")
    deputy = first(good, REPAIR, lead="deputy")
    swapped = with_service(with_service(good, leader, waves=(2,)), deputy, waves=(2,))
    says(roster, swapped, "neither leader nor deputy is present in wave 1")
    strict = with_task(good, REPAIR, leader=Lead(first_wave=True))
    says(roster, with_service(strict, leader, waves=(2,)), "not in the first wave")


def test_rules_about_named_members_are_checked(roster, good):
    inside = good.services[0].member_id
    serving = {one.member_id for one in good.services}
    outside = next(member_id for member_id in roster.member_ids if member_id not in serving)
    for rule in (
        TaskRule(kind="pin", members=(outside,)),
        TaskRule(kind="pin", members=(inside,), task=CONFERENCE, role="餐饮 catering"),
        TaskRule(kind="forbid", members=(inside,), task=CONFERENCE),
        TaskRule(kind="exclude", members=(inside,)),
        TaskRule(kind="together", members=(inside, outside)),
        TaskRule(kind="apart", members=(inside, good.services[1].member_id)),
    ):
        says(roster, with_policy(good, must=(rule,)), f"the rule {rule.kind} about", "is broken")
        says(roster, with_policy(good, prefer=(rule,)), "Wishes is told as 0 member-points, counted again it is 100")
    kept = TaskRule(kind="pin", members=(inside,))
    assert verify(roster, with_policy(good, must=(kept,))) == []


# --- what is told of shifts ------------------------------------------------------------------------------------------


def test_presence_told_wrong_is_found(roster, good):
    start, end = good.services[0].presence[0]
    late = ((start + dt.timedelta(hours=1), end), *good.services[0].presence[1:])
    says(roster, with_service(good, 0, presence=late), "is told other hours")


def test_releases_that_are_hidden_invented_or_doubled_are_found(roster, good):
    says(roster, changed(good, releases=good.releases[1:]), "is not released from")
    says(roster, changed(good, releases=(*good.releases, good.releases[0])), "is released twice")
    far = good.releases[0].model_copy(update={"day": dt.date(2026, 12, 30)})
    says(roster, changed(good, releases=(*good.releases, far)), "need not be released")
    turned = good.releases[0].model_copy(update={"begun": not good.releases[0].begun})
    says(roster, changed(good, releases=(turned, *good.releases[1:])), "has begun it, or has not")
    moved = good.releases[0].model_copy(update={"team": "elsewhere"})
    says(roster, changed(good, releases=(moved, *good.releases[1:])), "is told of another team")
    says(roster, with_policy(good, max_releases=1), "shifts released, 1 are allowed")
    says(roster, with_policy(good, max_releases_per_member=1), "is released from", "1 are allowed")


def test_a_rest_that_is_invented_is_found(roster, good):
    one = good.services[first(good, REPAIR)]
    lie = RestBroken(
        task=REPAIR, member_id=one.member_id, starts=one.presence[0][0], day=dt.date(2026, 12, 7), code="N"
    )
    says(roster, changed(good, rests=(lie,)), "is told and does not hold")


def test_shares_of_teams_and_groups_are_checked(roster, good):
    conference = next(task for task in good.tasks if task.task_id == CONFERENCE)
    tight = conference.limits.model_copy(update={"max_share_rounding": "floor"})
    says(roster, with_task(good, CONFERENCE, limits=tight), "members of", "are allowed")
    says(roster, with_policy(good, max_share_from_one_group=0.1), "members of 第", "are allowed")


def test_who_stays_on_duty_is_checked(roster, good):
    conference = next(task for task in good.tasks if task.task_id == CONFERENCE)
    strict = conference.limits.model_copy(update={"keep_on_duty": 50})
    says(roster, with_task(good, CONFERENCE, limits=strict), "stay on duty in", "are asked for")


def test_response_is_checked(roster, good):
    says(roster, with_task(good, REPAIR, response_minutes=3), "minutes, 3 are allowed")
    says(roster, with_policy(good, home_minutes=31), "needs 31 minutes, 30 are allowed")


def test_waves_and_the_rest_between_them_are_checked(roster, good):
    says(roster, with_policy(good, max_wave_hours=8), "wave 1 lasts 12 hours")
    repair = next(task for task in good.tasks if task.task_id == REPAIR)
    one = repair.limits.model_copy(update={"max_waves_per_member": 1})
    says(roster, with_task(good, REPAIR, limits=one), "serves in 2 waves, 1 are allowed")
    at = first(good, REPAIR, waves=(1, 3))
    says(roster, with_service(good, at, waves=(1, 2)), "too little rest between two waves")


def test_nobody_is_in_two_tasks_at_once(roster, good):
    task = next(task for task in good.tasks if task.task_id == CONFERENCE).model_copy(update={"task_id": "OTHER"})
    given = good.given.model_copy(
        update={
            "fixed_tasks": (task,),
            "fixed_services": (good.services[0].model_copy(update={"task": "OTHER"}),),
        }
    )
    says(roster, changed(good, given=given), "is present in another task at the same time")
    says(roster, changed(good, given=given), "serves in OTHER too")


def test_overtime_is_counted_from_what_was_worked(roster, good):
    one = next(s for s in good.services if s.task == CONFERENCE and s.role.startswith("餐饮"))
    given = good.given.model_copy(update={"overtime_minutes": {one.member_id: {"2026-12": 36 * 60}}})
    says(roster, changed(good, given=given), one.member_id, "hours of overtime in 2026-12, 36 are allowed")


def test_costs_and_claims_are_checked(roster, good):
    says(roster, changed(good, cost=good.cost - 1), f"the cost is told as {good.cost - 1}")
    says(roster, changed(good, findings=good.findings[1:]), "member-points, counted again")
    says(roster, changed(good, cost_bound=good.cost + 1), "is above the cost")
    says(roster, changed(good, cost_bound=good.cost - 1), "called optimal without")
    says(roster, changed(good, scale=7), "the scale is told as 7")
    heavy = good.findings[0].model_copy(update={"points": 1})
    says(roster, changed(good, findings=(heavy, *good.findings[1:])), "is weighed wrong")


def test_findings_about_others_are_found(roster, good):
    number = next(n for n, one in enumerate(good.findings) if one.criterion == "Releases")
    share = next(n for n, one in enumerate(good.findings) if one.criterion == "ShareTaken")

    def told(at, **changes):
        other = good.findings[at].model_copy(update=changes)
        return changed(good, findings=(*good.findings[:at], other, *good.findings[at + 1 :]))

    says(roster, told(number, members=("HQ0004",)), "Releases is told of others than those it costs")
    says(roster, told(share, home="elsewhere"), "ShareTaken is told of others than those it costs")
    says(roster, told(share, principle="act"), "ShareTaken is told as of the principle act")


def test_records_of_what_is_not_asked_for_are_found_before_anything_is_looked_up(roster, good):
    says(roster, changed(good, releases=(good.releases[0].model_copy(update={"task": "X"}),)), "releases are told of X")
    says(roster, changed(good, findings=(good.findings[0].model_copy(update={"criterion": "X"}),)), "no such criterion")
    who = good.services[0].member_id
    homes = {key: home for key, home in good.given.homes.items() if key != who}
    says(roster, changed(good, given=good.given.model_copy(update={"homes": homes})), f"{who} is in no home group")
    stands = Service(task="S", member_id="HQ0001", role="x", presence=good.services[0].presence)
    given = good.given.model_copy(update={"fixed_services": (stands,)})
    says(roster, changed(good, given=given), "S: HQ0001 has a role that no task that stands has: x")


# --- time, on rosters made by hand -----------------------------------------------------------------------------------

CODES = (
    ShiftCode(code="D", segments=((480, 1020),)),
    ShiftCode(code="N", segments=((1200, 1920),), recovery_hours=8),
    ShiftCode(code="W", segments=((480, 1920),), recovery_hours=24),
    ShiftCode(code="S", segments=((360, 600), (960, 1200))),
    ShiftCode(code="O", is_work=False),
)


def people(sequence, count=2, anchor=dt.date(2026, 1, 1), calendar=None, **fields):
    """Return members m0, m1, … of one team who all work the same rota."""
    members = tuple(
        Member(member_id=f"m{number}", department="X", team="T", shift_pattern="P", skills=("s",), **fields)
        for number in range(count)
    )
    pattern = ShiftPattern(pattern_id="P", sequence=tuple(sequence), anchor=anchor)
    team = Team(team="T", department="X", employees=count)
    return Roster(members, teams=(team,), shift_codes=CODES, shift_patterns=(pattern,), explicit_shifts=calendar or {})


def job(starts, ends, waves=(), kind="planned", **fields):
    return Task(
        task_id="T",
        kind=kind,
        starts=starts,
        ends=ends,
        size=(1, 1),
        roles=(TaskRole(name="r"),),
        leader=Lead(required=False),
        waves=tuple(Wave(wave=number, starts=a, ends=b) for number, (a, b) in enumerate(waves, 1)),
        **fields,
    )


def faults_of(roster, task, releases=(), waves=(), rests=(), **policy):
    """Return the faults of m0 alone in a task, those of the cost left out."""
    service = Service(
        task="T", member_id="m0", role="r", waves=waves, presence=task.presence(task.roles[0], waves), home="T"
    )
    plan = TaskForceResult(
        status="feasible",
        cost=0,
        scale=1,
        tasks=(task,),
        policy=gp.TaskPolicy(**policy),
        services=(service,),
        releases=tuple(
            Release(task="T", member_id="m0", day=day, code=code, team="T", department="X", begun=begun)
            for day, code, begun in releases
        ),
        rests=tuple(
            RestBroken(task="T", member_id="m0", starts=start, day=day, code=code) for start, day, code in rests
        ),
        given=Given(homes=dict.fromkeys(roster.member_ids, "T")),
    )
    return [fault for fault in verify(roster, plan) if "cost" not in fault and "member-points" not in fault]


@pytest.mark.parametrize(
    ("day", "anchor"),
    [
        (dt.date(2026, 6, 10), dt.date(2026, 6, 10)),  # midnight
        (dt.date(2026, 11, 30), dt.date(2026, 11, 30)),  # month end
        (dt.date(2026, 12, 31), dt.date(2026, 12, 31)),  # year end
        (dt.date(2028, 2, 29), dt.date(2028, 2, 29)),  # leap day
    ],
)
def test_a_night_shift_reaches_over_midnight_with_its_rest(day, anchor):
    roster = people("NOOOOO", anchor=anchor)
    next_day = dt.datetime.combine(day + dt.timedelta(days=1), dt.time())

    def at(hour, minute=0):
        return next_day + dt.timedelta(hours=hour, minutes=minute)

    assert faults_of(roster, job(at(16), at(20))) == []  # 08:00 and 8 hours of rest
    told = faults_of(roster, job(at(15, 59), at(20)))
    assert told == [f"T: m0 is not released from N of {day}, which the presence collides with"]
    assert faults_of(roster, job(at(15, 59), at(20)), [(day, "N", False)]) == []
    assert len(faults_of(roster, job(at(7, 59), at(8)))) == 1  # the last minute on duty
    assert len(faults_of(roster, job(at(-5), at(-4)))) == 1  # 19:00 to 20:00: no rest of 8 hours before the shift
    assert faults_of(roster, job(at(-5), at(-4)), rest_after_hours=0) == []


def test_a_24_hour_duty_needs_its_day_of_rest():
    roster = people("WOOO", anchor=dt.date(2026, 12, 31))  # 2026-12-31 08:00 to 2027-01-01 08:00, rest to 01-02 08:00
    before, after = dt.datetime(2027, 1, 2, 7, 59), dt.datetime(2027, 1, 2, 8)
    assert faults_of(roster, job(after, after + dt.timedelta(hours=4))) == []
    assert len(faults_of(roster, job(before, after + dt.timedelta(hours=4)))) == 1
    assert faults_of(roster, job(before, after + dt.timedelta(hours=4)), protected_rest="ignore") == []


def test_split_shifts_leave_their_pause_free_only_without_rest():
    roster = people("S")
    task = job(dt.datetime(2026, 5, 5, 11), dt.datetime(2026, 5, 5, 15))
    free = {"rest_before_hours": 0, "rest_after_hours": 0}
    assert faults_of(roster, task, **free) == []
    assert len(faults_of(roster, task)) == 1


def test_a_personal_calendar_goes_before_the_rota():
    day = dt.date(2026, 3, 31)
    task = job(dt.datetime(2026, 3, 31, 10), dt.datetime(2026, 3, 31, 12))
    assert len(faults_of(people("D"), task)) == 1
    assert faults_of(people("D", calendar={("m0", day): "O"}), task) == []
    assert len(faults_of(people("O", calendar={("m0", day): "D"}), task)) == 1
    irregular = people("")
    assert faults_of(irregular, task) == ["T: nothing is known of the duty of m0 on 2026-03-31"]
    assert faults_of(people("", calendar={("m0", day): "O"}), task) == []


def test_bare_labels_and_offsets_move_the_rota_as_they_should():
    task = job(dt.datetime(2026, 1, 2, 9), dt.datetime(2026, 1, 2, 10))
    assert faults_of(people("DOOO"), task) == []  # 1 January is D
    assert len(faults_of(people("DOOO", cycle_offset=3), task)) == 1


def test_a_task_longer_than_the_cycle_releases_every_shift_it_meets():
    roster = people("DDOO")
    task = job(dt.datetime(2026, 12, 28, 8), dt.datetime(2027, 1, 8, 17), daily=(480, 1020))
    on = [
        day
        for day in (dt.date(2026, 12, 28) + dt.timedelta(days=number) for number in range(12))
        if (day - dt.date(2026, 1, 1)).days % 4 < 2
    ]
    assert len(on) == 6
    assert faults_of(roster, task, [(day, "D", False) for day in on]) == []
    assert len(faults_of(roster, task, [(day, "D", False) for day in on[1:]])) == 1
    assert "is told other hours" not in str(faults_of(roster, task, [(day, "D", False) for day in on]))


def test_overtime_of_two_months_is_counted_apart():
    roster = people("O")
    task = job(dt.datetime(2026, 12, 30), dt.datetime(2027, 1, 2), daily=(0, 1200))  # 40 hours in December, 20 after
    assert faults_of(roster, task) == ["m0 works 40 hours of overtime in 2026-12, 36 are allowed"]
    assert faults_of(roster, task, overtime_hours=40) == []
    assert (
        faults_of(roster, job(task.starts, task.starts + dt.timedelta(hours=50), kind="emergency"), max_wave_hours=50)
        == []
    )


def test_an_emergency_finds_shifts_begun_and_rests_told():
    roster = people("NOOOOO", anchor=dt.date(2026, 12, 31))
    night = dt.date(2026, 12, 31)
    running = job(dt.datetime(2027, 1, 1, 2), dt.datetime(2027, 1, 1, 6), kind="emergency")
    assert len(faults_of(roster, running, [(night, "N", False)])) == 2
    assert faults_of(roster, running, [(night, "N", True)]) == []
    ended = job(dt.datetime(2027, 1, 1, 10), dt.datetime(2027, 1, 1, 12), kind="emergency")
    assert "that m0 breaks the rest after N" in faults_of(roster, ended)[0]
    assert faults_of(roster, ended, rests=[(ended.starts, night, "N")]) == []
    told = faults_of(roster, ended, rests=[(ended.starts, night, "N")], protected_rest="must")
    assert told == ["T: m0 is present in the rest after N of 2026-12-31"]


def test_who_is_off_duty_comes_from_home():
    task = job(dt.datetime(2026, 5, 5, 10), dt.datetime(2026, 5, 5, 12), kind="emergency", response_minutes=20)
    assert faults_of(people("O"), task) == ["T: m0 needs 25 minutes, 20 are allowed"]
    assert faults_of(people("D"), task, [(dt.date(2026, 5, 5), "D", True)]) == []


def test_colleagues_outside_the_roster_stay():
    day = dt.date(2026, 5, 5)
    task = job(dt.datetime(2026, 5, 5, 10), dt.datetime(2026, 5, 5, 12))
    alone = people("D", count=1)
    assert (
        faults_of(alone, task, [(day, "D", False)])
        == [
            "T: 0 stay on duty in D of 2026-05-05 in X / T, 1 are asked for",
            "T: 1 of 1 members of X / T, 1 are allowed",
        ][:1]
    )
    team = alone.teams[0].model_copy(update={"employees": 2})
    more = Roster(**{**alone.__dict__, "teams": (team,)})
    assert faults_of(more, task, [(day, "D", False)]) == []
    assert len(faults_of(more, task, [(day, "D", False)], count_employees=False)) == 1


def test_leader_or_deputy_is_there_every_day():
    roster = people("O")
    task = Task(
        task_id="T",
        starts=dt.datetime(2026, 5, 5, 6),
        ends=dt.datetime(2026, 5, 6, 7),
        size=(2, 2),
        roles=(TaskRole(name="early", daily=(360, 420)), TaskRole(name="late", daily=(600, 660))),
    )
    services = tuple(
        Service(task="T", member_id=who, role=role, lead=lead, presence=task.presence(task.role(role)), home="T")
        for who, role, lead in (("m0", "early", "member"), ("m1", "late", "leader"))
    )
    plan = TaskForceResult(
        status="feasible",
        cost=0,
        scale=1,
        tasks=(task,),
        policy=gp.TaskPolicy(max_share_from_one_team=1),
        services=services,
        given=Given(homes={"m0": "T", "m1": "T"}),
    )
    assert "T: neither leader nor deputy is present on 2026-05-06" in verify(roster, plan)


def test_tasks_of_one_time_share_what_a_team_may_give():
    roster = people("O", count=3)
    tasks = tuple(
        job(dt.datetime(2026, 5, 5, 8), dt.datetime(2026, 5, 5, 12 + number)).model_copy(
            update={"task_id": f"T{number}"}
        )
        for number in range(2)
    )
    services = tuple(
        Service(task=task.task_id, member_id=f"m{number}", role="r", presence=task.presence(task.roles[0]), home="T")
        for number, task in enumerate(tasks)
    )
    plan = TaskForceResult(
        status="feasible",
        cost=0,
        scale=1,
        tasks=tasks,
        policy=gp.TaskPolicy(max_share_rounding="floor", max_share_from_one_team=0.5),
        services=services,
        given=Given(homes=dict.fromkeys(roster.member_ids, "T")),
    )
    told = "at 2026-05-05 08:00 2 of 3 members of X / T are away, 1 are allowed"
    assert told in verify(roster, plan)
    apart = plan.model_copy(update={"policy": gp.TaskPolicy(max_share_rounding="ceil", max_share_from_one_team=0.5)})
    assert not any("are away" in fault for fault in verify(roster, apart))
    earlier = plan.model_copy(
        update={
            "tasks": tasks[:1],
            "services": services[:1],
            "given": plan.given.model_copy(update={"fixed_tasks": tasks[1:], "fixed_services": services[1:]}),
        }
    )
    assert told in verify(roster, earlier)
