# The page in QuickSight over Athena: one data source, a data set per visual, one analysis. The template is generated; it is
# applied by CloudFormation because its text then is what cfn-lint checked.

resource "aws_cloudformation_stack" "page" {
  name = "${var.name}-quicksight"

  # Compact: CloudFormation takes 51,200 bytes.
  template_body = jsonencode(jsondecode(replace(file(var.file), "{{ database }}", var.database)))

  parameters = {
    Name      = var.name
    Workgroup = var.workgroup
    OwnerArn  = var.owner_arn
  }
}
