# The QuickSight analysis of Athena's tables: one data source, a data set per visual, one analysis. CloudFormation applies the
# generated template, so AWS receives exactly the text that cfn-lint has checked.

resource "aws_cloudformation_stack" "page" {
  name = "${var.name}-quicksight"

  # Compact JSON: CloudFormation accepts at most 51,200 bytes.
  template_body = jsonencode(jsondecode(replace(file(var.file), "{{ database }}", var.database)))

  parameters = {
    Name      = var.name
    Workgroup = var.workgroup
    OwnerArn  = var.owner_arn
  }
}
