"""The tasks: a folder for each, with its head, its decisions, its calibration and its metrics.

This list is the order in which answers, columns and reports show them.
"""

from models import registry
from models.tasks.form.task import FORM
from models.tasks.stance.task import STANCE
from models.tasks.subject.task import SUBJECT
from models.tasks.summary.task import SUMMARY
from models.tasks.topic.task import TOPIC

for _task in (TOPIC, STANCE, SUMMARY, SUBJECT, FORM):
    registry.register(_task)
