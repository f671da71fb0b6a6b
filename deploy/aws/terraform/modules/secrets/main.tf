# The secret for the Spotify login, without a value: no configuration has a secret_string, so no state file holds one. The
# login command fills the secret, and the Lambda replaces the refresh token when Spotify rotates it.

resource "aws_secretsmanager_secret" "spotify" {
  name                    = var.name
  description             = "client_id, client_secret, refresh_token and consented_at of the Spotify login; written by the login command"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.force_destroy ? 0 : 30
}
