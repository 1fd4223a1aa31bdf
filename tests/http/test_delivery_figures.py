"""What was answered to deliveries stands among the figures for Prometheus."""

from __future__ import annotations

from collections import Counter

from app.http.metrics import Metrics


def test_answers_to_deliveries_are_shown_as_they_are_counted() -> None:
    metrics, counts = Metrics(), Counter({"google:200": 3})
    metrics.watch_deliveries(lambda: counts)
    assert b'portecarte_deliveries_total{answer="google:200"} 3.0' in metrics.text()
    counts["google:200"] += 1
    assert b'portecarte_deliveries_total{answer="google:200"} 4.0' in metrics.text()
