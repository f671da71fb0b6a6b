output "template" {
  description = "Text of the template that CloudFormation receives."
  value       = aws_cloudformation_stack.page.template_body
}

output "parameters" {
  description = "Parameters of the template: names and the owner."
  value       = aws_cloudformation_stack.page.parameters
}
