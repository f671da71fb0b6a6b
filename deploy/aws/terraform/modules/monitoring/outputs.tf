output "alert_topic_arn" {
  description = "ARN of the topic that every alarm is sent to."
  value       = aws_sns_topic.alerts.arn
}

output "dashboard_url" {
  description = "URL of the dashboard."
  value       = "https://${var.place.region}.console.aws.amazon.com/cloudwatch/home?region=${var.place.region}#dashboards:name=${aws_cloudwatch_dashboard.suite.dashboard_name}"
}

output "pages_topic_arn" {
  description = "ARN of the topic of the composite alarm."
  value       = aws_sns_topic.pages.arn
}
