"""What the example projects wrote into their deliverables."""

from __future__ import annotations

RESPONSE = {
    "charter": (
        "Problem: business customers wait 6.8 minutes on average before a technician answers "
        "(September to November, 5 calls drawn a day); network faults and complaints rise with it.\n"
        "Goal: response time −20 %, network faults −30 %, complaints −40 % within four months.\n"
        "In scope: business fault desk, first and second line. Out of scope: consumer chat, billing.\n"
        "Team: Wu Chia-Hao, Chen Wei-Ting, Tseng Kai; coach Yeh Shu-Hui.\n"
        "The percentages are those of a case in the literature; the series here are simulated."
    ),
    "sipoc": (
        "Suppliers: monitoring, customers, dispatch. Inputs: call, ticket, line data.\n"
        "Process: ring, identify, classify, assign, call back, close.\n"
        "Outputs: answer by a technician, ticket with cause. Customers: 4,100 business lines."
    ),
    "voice_of_customer": (
        "“I explain the fault three times before somebody knows the line.” → CTQ: minutes from ring to "
        "a technician who sees the line data. Defect: more than 8 minutes.\n"
        "「希望第一通電話就有人能處理。」→ 首次回應時間。"
    ),
    "stakeholders": (
        "Desk leads: in favour, need a rota that works at night. Network operations: neutral, fear more "
        "calls. Sales: in favour. Works council: wants to see call figures without names."
    ),
    "benefit_range": "NT$ 1.2 to 2.4 million a year from fewer credits and fewer second visits.",
    "data_plan": (
        "Five calls a day, drawn at random from all business calls, time stamps of the switch. "
        "A day is a subgroup: causes within a day are common, between days we want to see them. "
        "Faults per 100 lines and complaints are counted by the week."
    ),
    "measurement_system": (
        "Switch time stamps against 40 recorded calls: no bias found (mean difference 0.02 min), "
        "repeatability 0.03 min, that is below 2 % of the variation."
    ),
    "baseline": (
        "60 days, 300 calls: mean 6.8 min, stable. Most long calls wait for a technician to be found, "
        "not for a free agent."
    ),
    "causes": (
        "Fishbone with the desk: no call-back routing; tickets classified twice; second line reached by "
        "mail; night shift alone."
    ),
    "tests": (
        "Calls with a call-back request against those without: 6.9 against 4.9 min, difference 2.0 "
        "(95 % interval 1.6 to 2.4). Shift: no difference beyond chance (p = 0.41)."
    ),
    "confirmed_causes": "Routing explains about two thirds of the wait, double classification the rest.",
    "solutions": (
        "Call-back routing to the technician on duty; one classification form; joint stand-up of desk "
        "and network operations. A second night agent was left: the shift makes no difference."
    ),
    "risk": "Highest RPN before 280 (call-back lost), after the fail-over script 96.",
    "pilot": "Pilot on two desks from the first day of phase 2; the chart shows the step on that day.",
    "benefit_estimate": "NT$ 1.62 million a year, agreed with finance.",
    "control_plan": (
        "First response: X̄-R chart, desk lead looks daily, at a signal the rota is checked first.\n"
        "Faults per 100 lines: u chart, weekly. Complaints: c chart, weekly."
    ),
    "standard": "Desk instruction D-12 revised: call-back routing. 38 agents trained.",
    "hand_over": "Tsai Wen-Bin takes the three charts and the control plan.",
}

ACTIVATION = {
    "charter": (
        "Problem: from the order to the first light on the fibre it takes 21.4 hours on average; "
        "competitors promise 16.\nGoal: 16 hours by the end of the quarter. Scope: urban fibre orders."
    ),
    "sipoc": "Suppliers: sales, duct owner. Process: order, survey, splice, test, activate.",
    "voice_of_customer": "“I took a day off for nothing.” → CTQ: hours from order to first light.",
    "stakeholders": "Field crews, duct owner, sales, order desk.",
    "data_plan": "Mean of the day from the order system, 45 working days.",
    "measurement_system": "System time stamps; 30 orders compared with field notes, agreement 29 of 30.",
    "baseline": "45 days, mean 21.4 hours, stable. The duct owner’s answer takes a third of it.",
}

DISPUTES = {
    "charter": (
        "Problem: 3.4 % of the bills are disputed; each dispute takes 40 minutes to settle.\n"
        "Goal: 2.0 % by the end of the year. Scope: consumer bills."
    ),
    "sipoc": "Suppliers: rating, mediation. Process: rate, bill, send, answer. Customers: households.",
    "voice_of_customer": "“What is this pro-rata line?” → CTQ: share of bills disputed.",
    "stakeholders": "Billing, customer relations, finance.",
    "data_plan": "400 bills drawn a week, disputes counted after 14 days.",
    "measurement_system": "Two people judged 60 disputes: kappa 0.91.",
    "baseline": "40 weeks, 3.4 %, stable.",
    "causes": "Pro-rata lines, double discounts, late credits.",
}

REPEAT_CALLS = {
    1: {
        "problem": (
            "9.1 % of the customers whose bill changed call again within 7 days. Wanted: 6.5 %."
        ),
        "hypothesis": (
            "If the app shows the changed bill a week ahead, repeat calls fall to 7.5 %, because most "
            "questions are about the amount."
        ),
        "countermeasures": "Bill preview in the app, one week ahead, all regions, nine weeks.",
        "trial_log": "Preview live on time. Two days of outage in week 3.",
        "comparison": "7.9 % against 7.5 % predicted: better than before, short of the prediction.",
        "learning": "Only 41 % of the customers open the app: reach the others by text.",
    },
    2: {
        "problem": "7.9 % still call again. Wanted: 6.5 %.",
        "hypothesis": (
            "If a text message the day before the bill explains the change, repeat calls fall to 6.5 %, "
            "because it reaches those who do not open the app."
        ),
        "countermeasures": "Preview and a text message the day before, two regions, nine weeks.",
        "trial_log": "28 Sep to 16 Nov in two regions. Three deviations logged: late send in week 2.",
        "comparison": "6.7 % against 6.5 % predicted; the interval contains the target.",
        "learning": "Questions are about the pro-rata line, not the total.",
    },
}
