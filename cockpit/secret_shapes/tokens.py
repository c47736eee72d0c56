"""Secrets whose shape is used for nothing else: tokens with a prefix of their issuer, private keys.

The shapes are the issuers' own, as they document them; where they do not, as gitleaks' rules have them
(github.com/gitleaks/gitleaks, config/gitleaks.toml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from cockpit.patterns import late
from cockpit.secret_shapes.found import Found
from cockpit.secret_shapes.standing_in import is_sample
from cockpit.secret_shapes.windows import lines_with

_PEM = late(r"-----BEGIN ([A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?)-----(?:(?!-----)[\s\S]){0,16000}(?:-----END \1-----)?")
"""RFC 7468; OpenPGP's armour (RFC 9580, 6.2). Without its end, all that is no dash."""


class Shape(NamedTuple):
    """One sort of token."""

    what: str
    name: str
    begins: tuple[str, ...]
    """One of these stands in every such token."""
    source: str
    """The token's own pattern, without what may not stand around it."""
    after: str
    """A pattern for what must stand before it."""

    def found_in(self, text: str, first: int, last: int) -> Iterator[re.Match[str]]:
        """Every one between two places of a text."""
        return _compiled(rf"{self.after}{self.source}(?![A-Za-z0-9])").finditer(text, first, last)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when one of its beginnings was seen: most never are."""
    return re.compile(pattern, re.ASCII)


def _shape(what: str, name: str, begins: str, source: str, after: str = "") -> Shape:
    """`after`: what must stand before it; `source` is ASCII."""
    return Shape(what, name, tuple(begins.split()), source, after or "(?<![A-Za-z0-9])")


SHAPES = (
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, "Unique identifiers"
    _shape("an AWS access key id", "AWS_ACCESS_KEY_ID", "AKIA ASIA ABIA ACCA", r"A(?:KI|SI|BI|CC)A[A-Z2-7]{16}"),
    # github.blog, "Behind GitHub's new authentication token formats" (2021)
    _shape("a GitHub token", "GITHUB_TOKEN", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,251}"),
    _shape("a GitHub token", "GITHUB_TOKEN", "github_pat_", r"github_pat_[A-Za-z0-9_]{40,244}"),
    # docs.gitlab.com/security/tokens, "Token prefixes"
    _shape("a GitLab token", "GITLAB_TOKEN", "glpat- gloas- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glsoat- glffct- glwt-", r"gl(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[\w-]{20,300}(?:\.[\w.]{2,60})?"),
    _shape("a GitLab token", "GITLAB_TOKEN", "GR1348941", r"GR1348941[\w-]{20}"),
    # docs.slack.dev/authentication/tokens; incoming webhooks are secrets, too
    _shape("a Slack token", "SLACK_TOKEN", "xox xapp-", r"(?:xox[abceoprs](?:\.xox[bp])?|xapp)-[A-Za-z0-9-]{10,250}"),
    _shape("a Slack webhook", "SLACK_WEBHOOK_URL", "hooks.slack.com", r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{20,120}"),
    _shape("a Discord webhook", "DISCORD_WEBHOOK_URL", "/api/webhooks/", r"https://(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks/\d{5,30}/[\w-]{30,100}"),
    _shape("a Teams webhook", "TEAMS_WEBHOOK_URL", "webhook.office.com", r"https://[a-z0-9-]{1,60}\.webhook\.office\.com/[\w@/-]{40,300}"),
    # docs.stripe.com/keys; publishable keys (pk_) are no secret
    _shape("a Stripe key", "STRIPE_SECRET_KEY", "sk_live_ sk_test_ rk_live_ rk_test_", r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}"),
    _shape("a webhook's signing secret", "WEBHOOK_SECRET", "whsec_", r"whsec_[A-Za-z0-9+/=]{20,100}"),
    # cloud.google.com/docs/authentication/api-keys
    _shape("a Google API key", "GOOGLE_API_KEY", "AIza", r"AIza[\w-]{35}"),
    _shape("a Google OAuth secret", "GOOGLE_CLIENT_SECRET", "GOCSPX-", r"GOCSPX-[\w-]{28}"),
    _shape("a Google access token", "GOOGLE_ACCESS_TOKEN", "ya29.", r"ya29\.[\w-]{20,2000}"),
    # docs.npmjs.com, "About access tokens"; pypi.org/help#apitoken (a macaroon of pypi.org or test.pypi.org)
    _shape("an npm token", "NPM_TOKEN", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _shape("a PyPI token", "PYPI_TOKEN", "pypi-A", r"pypi-A[\w-]{50,1000}"),
    _shape("a RubyGems key", "RUBYGEMS_API_KEY", "rubygems_", r"rubygems_[a-f0-9]{48}"),
    _shape("a Docker Hub token", "DOCKER_TOKEN", "dckr_", r"dckr_[po]at_[\w-]{20,60}"),
    # RFC 7519, 3: three parts in base64url, of which the first two are JSON objects
    _shape("a JSON web token", "JWT", "eyJ", r"eyJ[\w-]{10,2000}\.eyJ[\w-]{8,8000}(?:\.[\w-]{10,2000})?"),
    _shape("a SendGrid key", "SENDGRID_API_KEY", "SG.", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    _shape("a Twilio key", "TWILIO_API_KEY", "SK", r"SK[0-9a-f]{32}"),
    _shape("a Mailgun key", "MAILGUN_API_KEY", "key-", r"key-[0-9a-f]{32}"),
    _shape("a DigitalOcean token", "DIGITALOCEAN_TOKEN", "doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    # developer.hashicorp.com/vault/docs/concepts/tokens, "Token prefixes"
    _shape("a Vault token", "VAULT_TOKEN", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{20,300}"),
    _shape("a Terraform token", "TF_TOKEN", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}"),
    _shape("a Databricks token", "DATABRICKS_TOKEN", "dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    _shape("an API key", "API_KEY", "sk-", r"sk-(?:proj-|svcacct-|admin-|ant-[a-z0-9]{2,8}-)?[A-Za-z0-9][\w-]{18,250}[A-Za-z0-9_]"),
    _shape("a Hugging Face token", "HF_TOKEN", "hf_", r"hf_[A-Za-z0-9]{34}"),
    _shape("an Atlassian token", "ATLASSIAN_TOKEN", "ATATT3", r"ATATT3[\w=-]{60,300}"),
    _shape("a Sentry token", "SENTRY_AUTH_TOKEN", "sntry", r"sntry[su]_[\w=+/]{40,300}"),
    _shape("a Grafana token", "GRAFANA_TOKEN", "glsa_ glc_", r"gl(?:sa|c)_[\w=+/]{32,400}"),
    _shape("a New Relic key", "NEW_RELIC_API_KEY", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _shape("a Linear key", "LINEAR_API_KEY", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _shape("a Shopify token", "SHOPIFY_TOKEN", "shp", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _shape("a Telegram bot's token", "TELEGRAM_BOT_TOKEN", ":AA", r"\d{8,10}:AA[\w-]{33}"),
    _shape("a Supabase token", "SUPABASE_ACCESS_TOKEN", "sbp_ sb_secret_", r"sb(?:p_[a-f0-9]{40}|_secret_[\w-]{20,80})"),
    _shape("a Resend key", "RESEND_API_KEY", "re_", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,40}"),
    _shape("a PlanetScale credential", "PLANETSCALE_TOKEN", "pscale_", r"pscale_(?:tkn|pw|oauth)_[\w=.-]{32,64}"),
    _shape("a Fly token", "FLY_API_TOKEN", "fm2_ fm1r_ fm1a_", r"fm(?:2|1r|1a)_[\w+/=,-]{40,4000}"),
    _shape("a 1Password token", "OP_SERVICE_ACCOUNT_TOKEN", "ops_eyJ", r"ops_eyJ[\w=+/-]{100,4000}"),
    _shape("a Square token", "SQUARE_ACCESS_TOKEN", "EAAA sq0", r"(?:EAAA[\w-]{60}|sq0[a-z]{3}-[\w-]{22,43})"),
    _shape("an age key", "AGE_SECRET_KEY", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _shape("an Azure storage key", "AZURE_STORAGE_KEY", "AccountKey=", r"[A-Za-z0-9+/]{60,90}={0,2}", "(?<=AccountKey=)"),
)  # fmt: skip


def tokens(text: str) -> Iterator[Found]:
    """Every token of a known shape, in no order."""
    for shape in SHAPES:
        for first, last in lines_with(text, shape.begins):
            for match in shape.found_in(text, first, last):
                if not is_sample(match[0]):
                    yield Found(start=match.start(), end=match.end(), what=shape.what, name=shape.name, rank=0)
    if "PRIVATE KEY" in text:
        for match in _PEM.finditer(text):
            yield Found(start=match.start(), end=match.end(), what="a private key", name="PRIVATE_KEY", rank=0)
