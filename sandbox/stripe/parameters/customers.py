"""What may be sent about customers, their tax ids and their balance."""

TABLE = """
GET /v1/customers
  created:$range email:str<512 test_clock:str $paging
POST /v1/customers
  address:$address|"" balance:int business_name:str<150|""
  cash_balance:{settings:{reconciliation_mode:enum(automatic,manual,merchant_default)}} description:str
  email:str<512 individual_name:str<150|"" invoice_prefix:str
  invoice_settings:$customer_invoice_settings metadata:$metadata|"" name:str<256
  next_invoice_sequence:int payment_method:str phone:str<20 preferred_locales:[str]
  shipping:$shipping|"" source:str tax:{ip_address:str|"" validate_location:enum(deferred,immediately)}
  tax_exempt:enum("",exempt,none,reverse) tax_id_data:[{type!:$tax_id_type value!:str}] test_clock:str
GET /v1/customers/search
  limit:int page:str query!:str
GET /v1/customers/{customer}
POST /v1/customers/{customer}
  address:$address|"" balance:int bank_account:any business_name:str<150|"" card:any
  cash_balance:{settings:{reconciliation_mode:enum(automatic,manual,merchant_default)}}
  default_alipay_account:str<500 default_bank_account:str<500 default_card:str<500
  default_source:str<500 description:str email:str<512 individual_name:str<150|"" invoice_prefix:str
  invoice_settings:$customer_invoice_settings metadata:$metadata|"" name:str<256
  next_invoice_sequence:int phone:str<20 preferred_locales:[str] shipping:$shipping|"" source:str
  tax:{ip_address:str|"" validate_location:enum(auto,deferred,immediately)}
  tax_exempt:enum("",exempt,none,reverse)
DELETE /v1/customers/{customer}
GET /v1/customers/{customer}/tax_ids
  $paging
POST /v1/customers/{customer}/tax_ids
  type!:$tax_id_type value!:str
GET /v1/customers/{customer}/tax_ids/{id}
DELETE /v1/customers/{customer}/tax_ids/{id}
GET /v1/customers/{customer}/balance_transactions
  created:$range invoice:str $paging
POST /v1/customers/{customer}/balance_transactions
  amount!:int currency!:cur description:str<350 metadata:$metadata|""
GET /v1/customers/{customer}/balance_transactions/{transaction}
POST /v1/customers/{customer}/balance_transactions/{transaction}
  description:str<350 metadata:$metadata|""
GET /v1/customers/{customer}/payment_methods
  allow_redisplay:enum(always,limited,unspecified) type:$payment_method_type $paging
GET /v1/customers/{customer}/payment_methods/{payment_method}
"""
