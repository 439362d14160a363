"""The rules of the DAG check, as data. docs/rules/ is rendered from this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checks.base import Rule
from harness.results import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_PARSED = "Airflow parses every file about twice a minute on every scheduler, and again before every task."

_BROKEN = (
    Rule("dag-import-error", _E, "The file cannot be imported.",
         "The DAG does not appear, or stays as it was; MWAA's UI shows the error minutes after the deployment.",
         "repair the line that is named; add what is missing to requirements.txt",
         "import pandas  # not in requirements.txt", "# requirements.txt: pandas==1.5.2"),
    Rule("moved-name", _E, "The imported name is elsewhere in Airflow 2.5.1, or not there at all.",
         "As any import error: the DAG does not appear.",
         "import it from where it is now, which the hint names",
         "from airflow.operators import HttpSensor", "from airflow.providers.http.sensors.http import HttpSensor"),
    Rule("invalid-argument", _E, "The DAG or operator does not take the argument.",
         "The constructor raises, so the file cannot be imported and its DAGs do not appear.",
         "rename or remove the argument, as the hint says",
         'S3KeySensor(task_id="wait", s3_conn_id="aws", bucket_key="s3://b/k")',
         'S3KeySensor(task_id="wait", aws_conn_id="aws", bucket_key="s3://b/k")'),
    Rule("dag-parse-timeout", _E, "Parsing the file takes longer than Airflow allows.",
         "After core.dagbag_import_timeout seconds (30 unless configured) Airflow gives up; the DAG does not appear.",
         "move slow work from the top level of the file into a task",
         "while not ready(): ...", 'PythonSensor(task_id="wait", python_callable=ready)'),
    Rule("dag-file-exits", _E, "The file ends the process that parses it.",
         "The DAGs vanish and no import error is shown, because the process that would record it has ended.",
         "raise an exception, or leave it to a task",
         'if not configured: sys.exit("not configured")', 'if not configured: raise ValueError("not configured")'),
    Rule("dag-file-crashes", _E, "The process that parses the file is killed.",
         "The DAGs vanish and no import error is shown; a native module that crashes here crashes on MWAA.",
         "find the module that crashes; pin a release that does not",
         "ctypes.string_at(0)", "# nothing that crashes at the top level"),
    Rule("dag-cycle", _E, "The tasks depend on each other in a circle.",
         "Airflow refuses the DAG as it loads it.",
         "remove one of the dependencies", "a >> b >> a", "a >> b"),
    Rule("invalid-schedule", _E, "The schedule is no cron expression that Airflow understands.",
         "The constructor accepts it; Airflow refuses the DAG when it loads it.",
         "write five fields, or a preset such as @daily", 'schedule="61 * * * *"', 'schedule="1 * * * *"'),
    Rule("duplicate-dag-id", _E, "Two files define the same DAG.",
         "Which of them runs depends on which was parsed last; it changes without any message.",
         "give one of them another dag_id", 'DAG("daily")  # in a.py and in b.py', 'DAG("daily_b")  # in b.py'),
    Rule("dag-not-serializable", _E, "The DAG cannot be stored as JSON.",
         "The scheduler and the web server read DAGs from the database only; this one never gets there.",
         "use plain values in params and arguments; register custom timetables in a plugin",
         'params={"when": object()}', 'params={"when": "2023-01-01"}'),
    Rule("template-file-missing", _E, "A template file is not where the task looks for it.",
         "The task fails with TemplateNotFound when it runs.",
         "put the file beside the DAG or below template_searchpath; end a command with a space if it is no template",
         'BashOperator(task_id="run", bash_command="run.sh")', 'BashOperator(task_id="run", bash_command="run.sh ")'),
    Rule("missing-module-at-run-time", _E, "A function imports a module that the environment does not have.",
         "The file parses and the DAG looks well; the task fails when it runs.",
         "add the package to requirements.txt",
         "def load():\n    import pandas", "# requirements.txt: pandas==1.5.2"),
    Rule("unknown-queue", _E, "A task asks for a queue of its own.",
         "An MWAA environment has exactly one Celery queue; the task stays queued for ever, without a log.",
         "remove queue=…", 'BashOperator(task_id="a", bash_command="true", queue="default")',
         'BashOperator(task_id="a", bash_command="true")'),
    Rule("airflowignore-hides-everything", _E, ".airflowignore hides every DAG file.",
         "No DAG appears, and nothing says why.",
         "the patterns are regular expressions that match anywhere in a path: anchor them", "dag", "^drafts/"),
)

_PARSE_TIME = (
    Rule("network-at-parse-time", _W, "The file opens network connections while it is parsed.", _PARSED,
         "do it in a task", "CONFIG = requests.get(URL).json()", "@task\ndef config(): return requests.get(URL).json()"),
    Rule("database-at-parse-time", _W, "The file queries the metadata database while it is parsed.", _PARSED,
         "do it in a task", "Session().query(DagRun).all()", "@task\ndef runs(session=None): ..."),
    Rule("variable-at-parse-time", _W, "The file reads Airflow variables while it is parsed.",
         f"{_PARSED} Each read is a query, or a paid call to Secrets Manager.",
         "use a template, or read it in a task", 'bucket = Variable.get("bucket")', 'bucket = "{{ var.value.bucket }}"'),
    Rule("connection-at-parse-time", _W, "The file reads Airflow connections while it is parsed.",
         f"{_PARSED} Each read is a query, or a paid call to Secrets Manager.",
         "read it in a task", 'host = BaseHook.get_connection("x").host', 'host = "{{ conn.x.host }}"'),
    Rule("aws-call-at-parse-time", _W, "The file calls AWS while it is parsed.",
         f"{_PARSED} The calls cost money, are throttled, and slow the scheduler down.",
         "do it in a task", 'keys = S3Hook().list_keys("b")', "@task\ndef keys(): ..."),
    Rule("file-written-at-parse-time", _W, "The file writes files while it is parsed.",
         f"{_PARSED} Tasks run on other machines and do not see what was written.",
         "write in a task, to S3", 'open("/tmp/x", "w")', "@task\ndef write(): ..."),
    Rule("process-at-parse-time", _W, "The file starts processes while it is parsed.", _PARSED,
         "use BashOperator, or do it in a task", 'subprocess.run(["git", "log"])',
         'BashOperator(task_id="log", bash_command="git log")'),
    Rule("working-directory-changed", _W, "The file changes the working directory.",
         "Relative paths of other files that the same process parses lead elsewhere.",
         "use absolute paths", "os.chdir(here)", "path = Path(__file__).parent"),
    Rule("slow-dag-file", _W, "Parsing the file takes more than two seconds.", _PARSED,
         "move slow work and heavy imports into tasks", "import tensorflow", "@task\ndef train(): import tensorflow"),
)

_DOUBTFUL = (
    Rule("empty-dag", _W, "The DAG has no tasks.", "Its runs succeed at once and do nothing.",
         "add tasks, or remove the DAG", 'DAG("empty", ...)', 'with DAG("full", ...): EmptyOperator(task_id="a")'),
    Rule("start-date-in-future", _W, "The DAG starts in the future.", "Until then it does not run.",
         "set the date you mean", "start_date=datetime(2999, 1, 1)", "start_date=datetime(2023, 1, 1)"),
    Rule("moving-start-date", _W, "The start date moves with the clock.",
         "The first interval never ends, or runs are skipped, because the start is later at every parse.",
         "use a fixed date", "start_date=datetime.now()", "start_date=datetime(2023, 1, 1)"),
    Rule("deprecated-in-airflow", _W, "The file uses something deprecated.",
         "It works in Airflow 2.5.1 and will not in a later one.", "use what the message names",
         "from airflow.operators.bash_operator import BashOperator", "from airflow.operators.bash import BashOperator"),
    Rule("airflowignore-pattern", _W, "A pattern in .airflowignore is no regular expression.",
         "Airflow leaves the pattern out, with a line in a log.", "write a regular expression", "*.py", r".*_test\.py"),
    Rule("unknown-pool", _W, "A task uses a pool that the seeds do not provide.",
         "Where the pool does not exist the task stays scheduled for ever.",
         "create the pool in the environment, and in the seeds", 'pool="reports"', "[pools.reports]\nslots = 2"),
    Rule("unknown-connection", _N, "A task refers to a connection that the seeds do not provide.",
         "Where the connection does not exist the task fails.", "create it in the environment, and in the seeds",
         'postgres_conn_id="warehouse"', '[connections.warehouse]\nconn_type = "postgres"'),
    Rule("unknown-variable", _N, "A template refers to a variable that the seeds do not provide.",
         "Where the variable does not exist the task fails.", "create it in the environment, and in the seeds",
         "{{ var.value.region }}", '[variables]\nregion = "eu"'),
    Rule("unknown-bucket", _N, "A task refers to a bucket that the seeds do not provide.",
         "A local run fails for want of the bucket.", "add it to the seeds",
         'bucket_name="orders"', '[[s3]]\nbucket = "orders"'),
)

RULES: Mapping[str, Rule] = {rule.id: rule for rule in (*_BROKEN, *_PARSE_TIME, *_DOUBTFUL)}
"""Every rule of this check, by id."""
