output "bucket_name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.lake.id
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.lake.arn
}

output "lake_uri" {
  description = "URI of the lake, s3://bucket."
  value       = "s3://${aws_s3_bucket.lake.id}"
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts bucket, secret, topics and logs."
  value       = local.kms_key_arn
}

output "processed_topic_arn" {
  description = "ARN of the topic that announces published files."
  value       = aws_sns_topic.processed.arn
}
