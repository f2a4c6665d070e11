import boto3


client = boto3.client("lambda")
client.create_function(FunctionName="not-ours", Role="r", Code={})
