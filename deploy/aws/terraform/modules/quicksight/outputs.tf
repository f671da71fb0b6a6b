output "template" {
  description = "The template as CloudFormation gets it."
  value       = aws_cloudformation_stack.page.template_body
}

output "parameters" {
  description = "Its parameters: names and the owner."
  value       = aws_cloudformation_stack.page.parameters
}
