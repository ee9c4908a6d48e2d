"""A published experiment as a user would write one."""

MINE = """title: Mine
package: mine
source: my own
base: baseline
population: {groups: [dagpenge], enrol_weeks: 4}
treatment:
  meaning: meetings every week
  levers: {early_intervention: {groups: [dagpenge], meetings_per_26_weeks: 26, until_week: 26}}
dose: known
design: {by: person}
outcomes:
  job:
    measure: share_at
    weeks: 26
    published: {value: 4, standard_error: 2, evidence: [my paper]}
"""
