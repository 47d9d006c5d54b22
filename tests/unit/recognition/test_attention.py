"""Whole looks come less often on a busy machine, down to a limit, and often again when it is free."""

from alpr_pipeline.recognition.attention import STEP, WINDOW_S, Attention, AttentionSettings

SETTINGS = AttentionSettings(whole_s=0.1, whole_max_s=0.3, busy_min=0.6, busy_max=0.85)


def after(attention: Attention, busy: float, windows: int, start_s: float = 0.0) -> float:
    """Spend a share of every window looking; return the interval between whole looks after that."""
    step_s = 0.1
    for number in range(round(windows * WINDOW_S / step_s) + windows):
        attention.spent(busy * step_s, start_s + number * step_s)
    return attention.whole_s


def test_a_machine_with_time_to_spare_looks_often() -> None:
    """Half the time spent looking changes nothing."""
    assert after(Attention(SETTINGS), busy=0.5, windows=5) == SETTINGS.whole_s


def test_a_busy_machine_looks_less_often_down_to_a_limit() -> None:
    """One step for each window that was too busy; never beyond the limit."""
    attention = Attention(SETTINGS)
    assert after(attention, busy=0.95, windows=1) == SETTINGS.whole_s * STEP
    assert after(attention, busy=0.95, windows=20, start_s=100.0) == SETTINGS.whole_max_s


def test_it_recovers() -> None:
    """A machine that is free again looks as often as before."""
    attention = Attention(SETTINGS)
    after(attention, busy=0.95, windows=10)
    assert after(attention, busy=0.3, windows=20, start_s=100.0) == SETTINGS.whole_s


def test_between_the_limits_it_stays() -> None:
    """No swinging: between the two limits nothing changes."""
    attention = Attention(SETTINGS)
    after(attention, busy=0.95, windows=2)
    before = attention.whole_s
    assert after(attention, busy=0.7, windows=5, start_s=4.2) == before


def test_time_is_counted_for_each_of_several_lookers() -> None:
    """Two threads that each look half the time are not a busy machine."""
    attention = Attention(SETTINGS, lookers=2)
    assert after(attention, busy=1.0, windows=5) == SETTINGS.whole_s
    assert after(attention, busy=1.9, windows=1, start_s=100.0) == SETTINGS.whole_s * STEP
