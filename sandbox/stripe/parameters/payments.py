"""What may be sent about payment intents, charges, refunds, disputes and payment methods."""

TABLE = """
GET /v1/payment_intents
  created:$range customer:str customer_account:str $paging
POST /v1/payment_intents
  amount!:int amount_details:any application_fee_amount:int automatic_payment_methods:any
  capture_method:enum(automatic,automatic_async,manual) confirm:bool
  confirmation_method:enum(automatic,manual) confirmation_token:str currency!:cur customer:str
  customer_account:str description:str<1000 error_on_requires_action:bool
  excluded_payment_method_types:any hooks:any mandate:str mandate_data:any metadata:$metadata
  off_session:bool|enum(one_off,recurring) on_behalf_of:str payment_details:any payment_method:str
  payment_method_configuration:str<100 payment_method_data:any payment_method_options:any
  payment_method_types:[str] radar_options:any receipt_email:str return_url:str
  setup_future_usage:enum(off_session,on_session) shipping:$parcel
  statement_descriptor:str<22 statement_descriptor_suffix:str<22
  transfer_data:any transfer_group:str use_stripe_sdk:bool
GET /v1/payment_intents/{intent}
  client_secret:str
POST /v1/payment_intents/{intent}
  amount:int amount_details:any application_fee_amount:int|""
  capture_method:enum(automatic,automatic_async,manual) currency:cur customer:str customer_account:str
  description:str<1000 excluded_payment_method_types:any hooks:any metadata:$metadata|""
  payment_details:any payment_method:str payment_method_configuration:str<100 payment_method_data:any
  payment_method_options:any payment_method_types:[str] receipt_email:str|""
  setup_future_usage:enum("",off_session,on_session) shipping:$parcel|""
  statement_descriptor:str<22 statement_descriptor_suffix:str<22
  transfer_data:any transfer_group:str
POST /v1/payment_intents/{intent}/confirm
  amount_details:any amount_to_confirm:int capture_method:enum(automatic,automatic_async,manual)
  client_secret:str confirmation_token:str error_on_requires_action:bool
  excluded_payment_method_types:any hooks:any mandate:str mandate_data:any
  off_session:bool|enum(one_off,recurring) payment_details:any payment_method:str
  payment_method_data:any payment_method_options:any payment_method_types:[str] radar_options:any
  receipt_email:str|"" return_url:str setup_future_usage:enum("",off_session,on_session)
  shipping:$parcel|""
  use_stripe_sdk:bool
POST /v1/payment_intents/{intent}/capture
  amount_details:any amount_to_capture:int application_fee_amount:int final_capture:bool hooks:any
  metadata:$metadata|"" payment_details:any statement_descriptor:str<22
  statement_descriptor_suffix:str<22 transfer_data:any
POST /v1/payment_intents/{intent}/cancel
  cancellation_reason:enum(abandoned,duplicate,fraudulent,requested_by_customer)
GET /v1/charges
  created:$range customer:str payment_intent:str transfer_group:str $paging
GET /v1/charges/{charge}
POST /v1/charges/{charge}
  customer:str description:str<40000 fraud_details:{user_report!:enum("",fraudulent,safe)}
  metadata:$metadata|"" receipt_email:str shipping:$parcel transfer_group:str
GET /v1/charges/{charge}/refunds
  $paging
GET /v1/refunds
  charge:str created:$range payment_intent:str $paging
POST /v1/refunds
  amount:int charge:str currency:cur customer:str instructions_email:str metadata:$metadata|""
  origin:enum(customer_balance) payment_intent:str
  reason:enum(duplicate,fraudulent,requested_by_customer) refund_application_fee:bool
  reverse_transfer:bool
GET /v1/refunds/{refund}
POST /v1/refunds/{refund}
  metadata:$metadata|""
GET /v1/disputes
  charge:str created:$range payment_intent:str $paging
GET /v1/disputes/{dispute}
POST /v1/disputes/{dispute}
  evidence:any metadata:$metadata|"" submit:bool
POST /v1/disputes/{dispute}/close
GET /v1/payment_methods
  allow_redisplay:enum(always,limited,unspecified) customer:str customer_account:str
  type:$payment_method_type $paging
POST /v1/payment_methods
  acss_debit:any allow_redisplay:enum(always,limited,unspecified) au_becs_debit:any bacs_debit:any
  billing_details:$billing_details card:{cvc:str exp_month:int exp_year:int networks:any number:str
  token:str} customer:str metadata:$metadata payment_method:str sepa_debit:{iban!:str}
  type:$payment_method_type us_bank_account:any
GET /v1/payment_methods/{payment_method}
POST /v1/payment_methods/{payment_method}
  allow_redisplay:enum(always,limited,unspecified) billing_details:$billing_details card:any
  metadata:$metadata|""
  payto:{account_number:str
  bsb_number:str pay_id:str} us_bank_account:any
POST /v1/payment_methods/{payment_method}/attach
  customer:str customer_account:str
POST /v1/payment_methods/{payment_method}/detach
GET /v1/payouts
  arrival_date:$range created:$range destination:str status:str $paging
GET /v1/payouts/{payout}
GET /v1/balance_transactions
  created:$range currency:cur payout:str source:str type:str $paging
GET /v1/balance_transactions/{id}
"""
