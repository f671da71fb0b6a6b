# The Spotify login. Only its place: there is no secret_string anywhere, so no state file ever holds one. The login
# command fills it, and the Lambda replaces the refresh token when Spotify rotates it.

resource "aws_secretsmanager_secret" "spotify" {
  name                    = var.name
  description             = "client_id, client_secret, refresh_token and consented_at of the Spotify login; written by the login command"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.force_destroy ? 0 : 30
}
