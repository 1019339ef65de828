"""What may be sent about credit notes."""

TABLE = """
GET /v1/credit_notes
  created:$range customer:str customer_account:str invoice:str $paging
POST /v1/credit_notes
  amount:int credit_amount:int effective_at:time email_type:enum(credit_note,none) invoice!:str
  lines:$credit_lines memo:str metadata:$metadata out_of_band_amount:int
  reason:enum(duplicate,fraudulent,order_change,product_unsatisfactory) refund_amount:int
  refunds:$credit_refunds shipping_cost:{shipping_rate:str}
GET /v1/credit_notes/preview
  amount:int credit_amount:int effective_at:time email_type:enum(credit_note,none) invoice!:str
  lines:$credit_lines memo:str metadata:$metadata out_of_band_amount:int
  reason:enum(duplicate,fraudulent,order_change,product_unsatisfactory) refund_amount:int
  refunds:$credit_refunds shipping_cost:{shipping_rate:str}
GET /v1/credit_notes/preview/lines
  amount:int credit_amount:int effective_at:time email_type:enum(credit_note,none) invoice!:str
  lines:$credit_lines memo:str metadata:$metadata out_of_band_amount:int
  reason:enum(duplicate,fraudulent,order_change,product_unsatisfactory) refund_amount:int
  refunds:$credit_refunds shipping_cost:{shipping_rate:str} $paging
GET /v1/credit_notes/{credit_note}/lines
  $paging
GET /v1/credit_notes/{id}
POST /v1/credit_notes/{id}
  memo:str metadata:$metadata
POST /v1/credit_notes/{id}/void
"""
