"""Retries never add more than the budget allows, whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from lockgate_core.budget import BudgetPolicy, RetryBudget

POLICY = BudgetPolicy(share=0.15, reserve=20, per_second=1)


def test_a_single_caller_has_his_retries_at_once():
    budget = RetryBudget(POLICY)
    budget.called(0)
    assert budget.spend(0)
    assert budget.spend(0)


def test_an_outage_is_amplified_by_the_reserve_and_the_share_alone():
    budget, retries = RetryBudget(POLICY), 0
    for _ in range(1000):
        budget.called(0)
        retries += sum(budget.spend(0) for _ in range(2))
    assert retries == 20 + 150 - 1  # the first calls find the bucket full


def test_what_was_spent_comes_back_with_time_up_to_the_reserve():
    budget = RetryBudget(POLICY)
    while budget.spend(0):
        pass
    assert not budget.spend(0.9)
    assert budget.spend(1.0)
    assert sum(budget.spend(1000) for _ in range(30)) == 20


acts = st.lists(st.one_of(st.just("call"), st.just("retry"), st.floats(0, 5)), max_size=300)


@given(acts, st.floats(0, 1), st.integers(0, 30), st.floats(0, 3))
def test_retries_stay_in_budget_under_any_schedule(schedule, share, reserve, per_second):
    budget = RetryBudget(BudgetPolicy(share=share, reserve=reserve, per_second=per_second))
    now, calls, retries = 0.0, 0, 0
    for act in schedule:
        if act == "call":
            calls += 1
            budget.called(now)
        elif act == "retry":
            retries += budget.spend(now)
        else:
            now += act
        assert retries <= reserve + share * calls + per_second * now + 1e-6


@given(acts)
def test_a_retry_is_refused_only_when_the_plain_account_is_empty(schedule):
    budget, now, account = RetryBudget(POLICY), 0.0, 20.0
    for act in schedule:
        if act == "call":
            account = min(20.0, account + 0.15)
            budget.called(now)
        elif act == "retry":
            spent = budget.spend(now)
            assert spent == (account >= 1) or abs(account - 1) < 1e-6
            account -= spent
        else:
            now += act
            account = min(20.0, account + act)
