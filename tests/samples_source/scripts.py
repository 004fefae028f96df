"""The scripts inside the sample experiments; `crlf` gives the line ends the R editor leaves."""

CUSTOMERS_QUERY = """\
SELECT c.customer_id,
       c.birth_year,
       c.postcode_area,
       k.plan_name,
       k.monthly_fee,
       k.contract_start,
       k.paper_bill,
       CASE WHEN k.cancelled_on IS NULL THEN 0 ELSE 1 END AS churned
FROM crm.customers AS c
JOIN crm.contracts AS k ON k.customer_id = c.customer_id
WHERE k.contract_start < '2017-01-01'"""

USAGE_SQL = """\
SELECT t1.*, u.calls_per_month, u.data_gb, u.support_calls
FROM t1
LEFT JOIN (
    SELECT customer_id,
           AVG(calls) AS calls_per_month,
           AVG(data_gb) AS data_gb,
           SUM(support_calls) AS support_calls
    FROM t2
    GROUP BY customer_id
) AS u ON u.customer_id = t1.customer_id;"""

FEATURES_PY = '''\
import pandas as pd

CUT_OFF = pd.Timestamp("2017-01-01")


def azureml_main(customers=None, unused=None):
    """Add the tenure, the age and the price of a call to every customer."""
    started = pd.to_datetime(customers["contract_start"])
    customers["tenure_months"] = (CUT_OFF - started).dt.days // 30
    customers["age"] = CUT_OFF.year - customers["birth_year"]
    customers["fee_per_call"] = customers["monthly_fee"] / customers["calls_per_month"]
    return customers.drop(["birth_year", "contract_start"], axis=1),
'''

FEE_PER_CALL = '    customers["fee_per_call"] = customers["monthly_fee"] / customers["calls_per_month"]\n'

GUARDED_FEE_PER_CALL = """\
    calls = customers["calls_per_month"].clip(lower=1)
    customers["fee_per_call"] = customers["monthly_fee"] / calls
    customers["is_new"] = (customers["tenure_months"] < 6).astype(int)
"""

BANDS_R = """\
# A few very heavy users stretch the scales: cap usage, then band the tenure.
customers <- maml.mapInputPort(1)

cap <- function(x, p = 0.99) pmin(x, quantile(x, p, na.rm = TRUE))

for (column in c("calls_per_month", "data_gb", "support_calls")) {
  customers[[column]] <- cap(customers[[column]])
}

customers$tenure_band <- cut(
  customers$tenure_months,
  breaks = c(-Inf, 6, 12, 24, 48, Inf),
  labels = c("0-6", "7-12", "13-24", "25-48", "49+")
)

maml.mapOutputPort("customers")
"""

ACTION_SQL = """\
SELECT customer_id,
       churn,
       churn_probability,
       CASE WHEN churn_probability >= 0.6 THEN 'call' ELSE 'wait' END AS action
FROM t1
ORDER BY churn_probability DESC;"""

HOURLY_SQL = """\
SELECT pump_id,
       strftime('%Y-%m-%d %H:00', measured_at) AS hour,
       AVG(bearing_temperature) AS bearing_temperature,
       MAX(vibration_mm_s) AS vibration_mm_s,
       AVG(flow_l_min) AS flow_l_min
FROM t1
WHERE quality_flag = 0
GROUP BY pump_id, hour;"""


def crlf(script: str) -> str:
    """The script with CRLF line ends."""
    return script.replace("\n", "\r\n")


def edited(script: str, old: str, new: str) -> str:
    """The script with the one occurrence of `old` replaced."""
    if script.count(old) != 1:
        raise ValueError(f"{old!r} is not in the script exactly once")
    return script.replace(old, new)
