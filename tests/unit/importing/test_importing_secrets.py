"""Secrets are found, and nothing else is; no value of one is copied anywhere."""

from __future__ import annotations

import random
import re
import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.importing.hiding import SecretNames, hidden
from cockpit.importing.imported import imported
from cockpit.importing.source import read_source
from cockpit.profile.check import check
from cockpit.profile.kinds import installed
from cockpit.secret_shapes import secrets_in
from cockpit.secret_shapes.tokens import SHAPES, Shape

CHANCE = random.Random(9)
LETTERS = string.ascii_letters + string.digits


def made(count: int, alphabet: str = LETTERS) -> str:
    """Some characters; tokens are made here, so that no scanner of the repository takes one for a leak."""
    return "".join(CHANCE.choice(alphabet) for _ in range(count))


TOKENS = {
    "AWS_ACCESS_KEY_ID": "AKIA" + made(16, "ABCDEFGHJKLMNPQRSTUVWXYZ234567"),
    "GITHUB_TOKEN": "ghp_" + made(36),
    "GITLAB_TOKEN": "glpat-" + made(20),
    "SLACK_TOKEN": "xoxb-123456789012-1234567890123-" + made(24),
    "SLACK_WEBHOOK_URL": f"https://hooks.slack.com/services/T{made(8)}/B{made(8)}/{made(24)}",
    "STRIPE_SECRET_KEY": "sk_live_" + made(24),
    "WEBHOOK_SECRET": "whsec_" + made(32),
    "GOOGLE_API_KEY": "AIza" + made(35),
    "NPM_TOKEN": "npm_" + made(36),
    "PYPI_TOKEN": "pypi-AgEIcHlwaS5vcmc" + made(60),
    "JWT": f"eyJ{made(20)}.eyJ{made(30)}.{made(30)}",
    "SENDGRID_API_KEY": f"SG.{made(22)}.{made(43)}",
    "VAULT_TOKEN": "hvs." + made(24),
    "DOCKER_TOKEN": "dckr_pat_" + made(27),
    "DIGITALOCEAN_TOKEN": "dop_v1_" + made(64, "abcdef0123456789"),
    "HF_TOKEN": "hf_" + made(34),
    "API_KEY": "sk-proj-" + made(60),
    "SUPABASE_ACCESS_TOKEN": "sbp_" + made(40, "abcdef0123456789"),
}

PLACED = (
    ("aws_secret_access_key = {}", made(40), "AWS_SECRET_ACCESS_KEY"),
    ("export STRIPE_KEY={}", TOKENS["STRIPE_SECRET_KEY"], "STRIPE_KEY"),
    ("git clone https://oauth2:{}@gitlab.com/x", TOKENS["GITLAB_TOKEN"], "GITLAB_TOKEN"),
    ("curl -H 'Authorization: Bearer {}' https://x", made(30), "BEARER_TOKEN"),
    ("curl -H 'Authorization: Basic {}'", "YWRtaW46aHVudGVyMg==", "BASIC_AUTH"),
    ("curl -u admin:{} https://x", "hunter2", "CURL_PASSWORD"),
    ("curl -H 'X-Api-Key: {}'", "s3cr3tk3y", "X_API_KEY"),
    ("-H 'PRIVATE-TOKEN: {}'", made(20), "PRIVATE_TOKEN"),
    ("psql postgres://app:{}@db.prod:5432/shop", "p4ss-w0rd", "DATABASE_PASSWORD"),
    ("postgres://app:{}@db", "we@k", "DATABASE_PASSWORD"),
    ("redis://:{}@cache:6379", "sunshine", "REDIS_PASSWORD"),
    ("dsn: host=db user=app password={} dbname=x", "hunter2", "PASSWORD"),
    ("Server=db;User Id=sa;Password={};", "Tr0ub4dor", "PASSWORD"),
    ("jdbc:postgresql://h/db?user=a&password={}&ssl=true", "hunter22", "PASSWORD"),
    ("PGPASSWORD={} psql -h db", "sunshine", "PGPASSWORD"),
    ("mysql -u root -p{} shop", "hunter2", "MYSQL_PASSWORD"),
    ("mysqldump --password={} shop", "monkey", "PASSWORD"),
    ("sshpass -p '{}' ssh x", "let me in", "PASSWORD"),
    ("docker login -u bot -p {} reg", "abcDEF123", "PASSWORD"),
    ("echo '{}' | docker login -u x --password-stdin", "abc123def", "PASSWORD"),
    ("redis-cli -h r -a {} ping", "foobared9", "REDIS_PASSWORD"),
    ("ALTER USER app WITH PASSWORD '{}';", "n3wPw!", "DATABASE_PASSWORD"),
    ("CREATE USER x IDENTIFIED BY '{}';", "tiger99", "DATABASE_PASSWORD"),
    ('  "password": "{}",', "hunter2", "PASSWORD"),
    ('  -d \'{{"email":"a@b.c","password":"{}"}}\'', "hunter2", "PASSWORD"),
    ("password: {}", "Xk29!lq", "PASSWORD"),
    ("- Password: `{}`", "hunter2", "PASSWORD"),
    ("- Admin password is {}.", "hunter2", "PASSWORD"),
    ("set password to `{}`", "qwerty99", "PASSWORD"),
    ("- [ ] Log in with password `{}` first", "hunter2!", "PASSWORD"),
    ("Credentials: admin / {}", "S3cr3t99", "PASSWORD"),
    ("| DB_PASSWORD | {} |", "s3cr3t!x", "DB_PASSWORD"),
    ("SECRET_KEY_BASE={}", made(64, "abcdef0123456789"), "SECRET_KEY_BASE"),
    ("JWT_SECRET={}", made(32), "JWT_SECRET"),
    ("vercel --token {}", made(24), "TOKEN"),
    ("kubectl create secret generic x --from-literal=password={}", "hunter2", "PASSWORD"),
    ("Cookie: session={}; theme=dark", made(32), "SESSION_COOKIE"),
    ("curl -b 'sid={}' x", made(32), "SESSION_COOKIE"),
    ("<password>{}</password>", "hunter2", "PASSWORD"),
    ("machine h login me password {}", "hunter2", "NETRC_PASSWORD"),
    ("apiKey: '{}'", made(20), "API_KEY"),
    ("spring.datasource.password={}", "hunter2", "SPRING_DATASOURCE_PASSWORD"),
    ("--set auth.password={}", "hunter2", "AUTH_PASSWORD"),
    ("openssl rsa -passin pass:{} -in k", "hunter2", "PASSWORD"),
    ("export DB_PASS='{}'", "correct horse battery", "DB_PASS"),
    ("The API key is {}", made(32), "API_KEY"),
    ("AccountKey={};Endpoint=x", made(86) + "==", "ACCOUNT_KEY"),
    ("password={}", "P@ss;w&rd|1", "PASSWORD"),
    ("POSTGRES_PASSWORD: {}", "sunshine", "POSTGRES_PASSWORD"),
    ("PWD={}", "hunter2!", "PASSWORD"),
)

NONE = """
JWT_SECRET=your-jwt-secret
SUPABASE_SERVICE_ROLE_KEY=your-key
-e SUPABASE_SERVICE_ROLE_KEY=your-key
API_KEY=xxxxxxxxxxxx
TOKEN=<token>
TOKEN=$TOKEN
--token $TOKEN
--token "${GITHUB_TOKEN}"
password: changeme
password=example
Authorization: Bearer $TEST_TOKEN
-H "Authorization: Bearer <token>"
-H "Authorization: Bearer YOUR_TOKEN"
-H "Authorization: Bearer {{token}}"
postgres://user:password@localhost/db
postgres://postgres:postgres@localhost:5432/x
postgres://$USER:$PASS@host/db
postgres://${USER}:${PASS}@host/db
postgres://user:<password>@host
- [ ] Reset test user passwords and remove from production
- [ ] Verify password leak protection enabled
- [ ] JWT secrets are 256-bit random keys
- [ ] Short JWT expiration times (15m for access, 7d for refresh)
- [x] Secrets configured (RESEND_API_KEY)
- [ ] Webhook secrets set
- [ ] Environment variables secured (no secrets in code)
1. Webhook secrets configured correctly
Password: see the vault
Password: ask Bob
Password: stored in 1Password
Token: rotated every 90d
Token expiry: 15m
Password: required
password: string
"password": "string"
password_min_length = 12
max_tokens=4096
token_url: https://auth.example.com/oauth2/token
secretName: my-app-secrets-v2
secretKeyRef:
secret: my-app-v2
kubectl get secret my-app-secrets -o yaml
kubectl create secret generic app --from-file=key.pem
imagePullSecrets: regcred1
password: ${{ secrets.DB_PASSWORD }}
password = os.environ["DB_PASSWORD"]
token = get_token(user1)
const token = process.env.TOKEN
password: !vault |
DB_PASSWORD_FILE=/run/secrets/db_password
API key: OAuth2
token: 3600
primary_key=customer_id2
public_key=abc123def456
cache_key: user:123:abc
The token is expired after 15m
the password was changed in v2.1.0
Set the secret to a random value
token is refresh_token2
docker run -u 1000:1000 x
mysql -u root -p shop
mysql -u root -p < dump.sql
ssh -p 2222 host
mkdir -p /opt/app2
kubectl port-forward -p x
https://example.com:8080/a@b
Contact: ops@example.com
git@github.com:acme/shop.git
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b
pk_live_abcdefghijklmnopqrstuvwx
AKIAIOSFODNN7EXAMPLE
wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
sk-ssh-ed25519@openssh.com
task-management-system-integration
risk-assessment-and-mitigation-plan
password is correct
password reset token sent
Basic authentication enabled
basic health check
-H "Authorization: Basic $(echo -n user:pass | base64)"
token bucket: 100/s
pass: yes
Pass: 12 tests
npm test -- --pass
pass=42
All tests pass: 100%
--password-stdin < file
--secret id=mysecret,src=x
"token": "refresh"
access key: AWS IAM
| Token | Description |
| password | Password of user |
Cookie: consent banner
bypass: abc123def
compass=abc123
passenger_count: 12ab34
keyboard=abc123def
monkey: abc123def
PASSWORD=
PASSWORD=""
JWT_SECRET=$(openssl rand -hex 32)
JWT_SECRET=`openssl rand -hex 32`
api_key: "{{ vault_api_key }}"
token: %TOKEN%
password=********
password: ••••••••
SECRET_KEY=REPLACE_ME
SECRET_KEY=replace-with-64-char-key
DB_PASSWORD=<your password>
export TOKEN=[TOKEN]
token=...
users.email, users.organizationId
sync_percentage: 100.0
https://your-app.vercel.app/health
GRANT SELECT ON x TO app;
where token = 'abc'
The access key: rotate it every 90 days
ENCRYPTION_KEY=32-byte-hex-string
FEATURE_KEY=new_checkout_v2
STRIPE_PUBLISHABLE_KEY=pk_live_abcdefgh12345678
SENTRY_DSN=https://abc123@o1.ingest.sentry.io/2
auth: oauth2
Credentials: see vault/prod-db-1
""".strip("\n").split("\n")
"""Placeholders, references, prose, other things with such names: no secret in any."""


def without(text: str) -> str:
    for found in reversed(secrets_in(text)):
        text = f"{text[: found.start]}${found.name}{text[found.end :]}"
    return text


@pytest.mark.parametrize(("name", "token"), TOKENS.items(), ids=TOKENS)
@pytest.mark.parametrize("around", ["{}", "use `{}` here", "({})", '"{}"', "X={}", "| a | {} |", "see {}."])
def test_a_token_is_known_by_its_shape_wherever_it_stands(name: str, token: str, around: str):
    assert without(around.format(token)) == around.format(f"${name}") or around == "X={}"
    assert token not in without(around.format(token))


def a_short_one(shape: Shape) -> st.SearchStrategy[str]:
    return st.from_regex(re.sub(r"\{(\d+),\d+\}", r"{\1}", shape.source), fullmatch=True)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: st.tuples(st.just(shape), a_short_one(shape))))
def test_every_token_has_a_beginning_by_which_it_is_looked_for(written: tuple[Shape, str]):
    shape, token = written
    assert shape.after.startswith("(?<=") or any(begins in token for begins in shape.begins)


@pytest.mark.parametrize(("around", "value", "name"), PLACED, ids=[around for around, _, _ in PLACED])
def test_a_secret_is_known_by_where_it_stands(around: str, value: str, name: str):
    assert without(around.format(value)) == around.format(f"${name}")


@pytest.mark.parametrize("line", NONE)
def test_what_stands_in_for_a_secret_or_tells_of_one_is_none(line: str):
    assert secrets_in(line) == ()


def test_prose_with_the_words_for_secrets_holds_none_taken_together():
    assert secrets_in("\n".join(NONE)) == ()


def test_a_profile_of_a_runbook_with_secrets_declares_them_passes_check_and_holds_no_value(tmp_path: Path):
    values = ("hunter2!x", "S0mmer99", "n3wPw!")
    text = """# Plan\n\n- [ ] Log in, password: `hunter2!x`, then tell Ana that hunter2!x is old\n
```bash\ncurl -X POST https://x.example/api -d '{"password":"S0mmer99"}'\n```\n
```sql\nALTER USER app WITH PASSWORD 'n3wPw!';\n```\n"""
    made = imported([read_source(text.encode(), "R.md")])
    names = {variable.env for variable in made.profile.variables if variable.secret}
    assert names == {"PASSWORD", "PASSWORD_2", "DATABASE_PASSWORD"}
    assert not [value for value in values if value in made.toml + repr(made)]
    (tmp_path / "plan.toml").write_text(made.toml)
    problems = check([tmp_path / "plan.toml"], installed())
    assert not [problem for problem in problems if problem.severity == "error" or "refers to" in problem.message]


KEY = """-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEAx0
c2VjcmV0bGluZQ==
-----END RSA PRIVATE KEY-----"""


def test_the_values_of_a_kubernetes_secret_are_secrets_whatever_their_keys():
    text = """```yaml
apiVersion: v1
kind: Secret
metadata:
  name: shop
  labels: {app: shop}
type: Opaque
stringData:
  admin-user: ana-the-admin
  url: "https://you.example"
data:
  blob: aHVudGVyMg==
  later: <base64>
---
kind: ConfigMap
data:
  mode: fast
```"""
    found = [(text[one.start : one.end], one.name) for one in secrets_in(text)]
    assert found == [("ana-the-admin", "ADMIN_USER"), ("aHVudGVyMg==", "BLOB")]


def test_a_private_key_over_several_lines_leaves_its_lines_empty():
    lines = ("# Keys", "```", *(f"  {line}" for line in KEY.split("\n")), "```", "- [ ] next")
    now = hidden(lines, SecretNames())
    assert now.lines == ("# Keys", "```", "  $PRIVATE_KEY", "", "", "", "```", "- [ ] next")
    assert [(note.line, note.kind) for note in now.notes] == [(3, "secret")]


def test_a_private_key_that_is_cut_off_is_taken_out_as_far_as_it_goes():
    now = hidden((*KEY.split("\n")[:3], "", "# Next"), SecretNames())
    assert "c2VjcmV0bGluZQ" not in "".join(now.lines)


def test_the_same_value_is_replaced_where_nothing_told_it():
    now = hidden(("DB_PASSWORD=hunter2!x", "", "- [ ] Tell Ana that it is hunter2!x (not hunter2!xy)"), SecretNames())
    assert now.lines[2] == "- [ ] Tell Ana that it is $DB_PASSWORD (not hunter2!xy)"
    assert [note.line for note in now.notes] == [1, 3]


def test_a_value_has_one_name_and_a_name_one_value_in_all_files_of_an_import():
    names = SecretNames()
    first = hidden(("PASSWORD=hunter2!x", "TOKEN=hunter2!x"), names)
    second = hidden(("PASSWORD=other99!", "PASSWORD=hunter2!x"), names)
    assert first.lines == ("PASSWORD=$PASSWORD", "TOKEN=$PASSWORD")
    assert second.lines == ("PASSWORD=$PASSWORD_2", "PASSWORD=$PASSWORD")


def test_between_single_quotation_marks_of_a_shell_the_reference_is_one_that_it_expands():
    lines = (
        "```bash",
        "# don't",
        "curl -d '",
        '{"password":"hunter2"}',
        '\' -H "X-Api-Key: s3cr3tk3y" https://x',
        "```",
    )
    now = hidden(lines, SecretNames())
    assert now.lines[3] == '{"password":"\'"$PASSWORD"\'"}'
    assert '"X-Api-Key: $X_API_KEY"' in now.lines[4]


def test_outside_a_shell_the_reference_is_plain():
    assert hidden(("```sql", "ALTER USER a PASSWORD 'n3wPw!';", "```"), SecretNames()).lines[1] == (
        "ALTER USER a PASSWORD '$DATABASE_PASSWORD';"
    )


VALUES = st.from_regex(r"[A-Za-z][0-9][A-Z][a-z][0-9a-zA-Z!@#%^*+~]{8,20}[0-9][a-z]", fullmatch=True)


@given(VALUES, st.sampled_from([around for around, _, _ in PLACED if "base" not in around.lower()]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_random_value_in_a_known_place_is_left_anywhere(value: str, around: str):
    if around.startswith("The API key") or "Authorization: B" in around or "Account" in around or "postgres" in around:
        value = "".join(char for char in value if char.isalnum()) + "7aB"
    source = read_source(f"# Plan\n\n{around.format(value)}\n\n- [ ] again {value}\n".encode(), "R.md")
    told = " ".join([*source.lines, *(note.text for note in source.notes), *source.secrets])
    assert value not in told
    assert len(source.lines) == 5


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_lines_are_as_many_as_before_whatever_they_say(text: str):
    lines = tuple(text.split("\n"))
    assert len(hidden(lines, SecretNames()).lines) == len(lines)


@pytest.mark.parametrize(
    "unit",
    ["password: ", "password=", "://a:b", "-----BEGIN PRIVATE KEY-----\n", "eyJ", "curl -u a:b ", "mysql -p ",
     "cookie: a=b", "a_key=", "bearer ", "echo x |", "credentials: a /", "a" * 50 + "password",
     "password=hunter2!\n", "```\n'"],
)  # fmt: skip
def test_a_quarter_of_a_megabyte_of_one_sort_is_searched_within_seconds(unit: str):
    lines = tuple((unit * ((1 << 18) // len(unit))).split("\n"))
    begun = time.process_time()
    hidden(lines, SecretNames())
    assert time.process_time() - begun < 3.0
