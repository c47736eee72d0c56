# For steps that work with the application as a real user does: `log_in`, then `call METHOD PATH [JSON]`; `field NAME` reads a
# text out of the answer. Needs URL, API_KEY, EMAIL and PASSWORD.
#
# Key, token and password go to curl by pipes: everybody on this host sees a program's arguments. curl fails for a status
# of 400 and more, and says which.

call() {
  curl --fail --silent --show-error --max-time 10 --request "$1" --header 'Content-Type: application/json' \
    --config <(printf 'header = "apikey: %s"\nheader = "Authorization: Bearer %s"\n' "$API_KEY" "$TOKEN") \
    --data @<(printf '%s' "${3-}") "$URL$2"
}

field() {
  sed -nE "s/.*\"$1\": ?\"([^\"]*)\".*/\1/p"
}

TOKEN=
log_in() {
  local who="{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}"
  TOKEN=$(call POST '/auth/v1/token?grant_type=password' "$who" | field access_token)
  test -n "$TOKEN" || { echo "$EMAIL cannot log in: see BN_AURA_LOGIN_EMAIL and BN_AURA_LOGIN_PASSWORD" >&2; exit 1; }
}
