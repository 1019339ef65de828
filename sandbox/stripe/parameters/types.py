"""Types that several parameter tables share; the language is that of `sandbox.stripe.schema`."""

TYPES = """
$tax_id_type =
  enum(ad_nrt, ae_trn, al_tin, am_tin, ao_tin, ar_cuit, au_abn, au_arn, aw_tin, az_tin, ba_tin, bb_tin,
  bd_bin, bf_ifu, bg_uic, bh_vat, bj_ifu, bo_tin, br_cnpj, br_cpf, bs_tin, by_tin, ca_bn, ca_gst_hst,
  ca_pst_bc, ca_pst_mb, ca_pst_sk, ca_qst, cd_nif, ch_uid, ch_vat, cl_tin, cm_niu, cn_tin, co_nit,
  cr_tin, cv_nif, de_stn, do_rcn, ec_ruc, eg_tin, es_cif, et_tin, eu_oss_vat, eu_vat, fo_vat, gb_vat,
  ge_vat, gi_tin, gn_nif, hk_br, hr_oib, hu_tin, id_npwp, il_vat, in_gst, is_vat, it_cf, jp_cn, jp_rn,
  jp_trn, ke_pin, kg_tin, kh_tin, kr_brn, kz_bin, la_tin, li_uid, li_vat, lk_vat, ma_vat, md_vat,
  me_pib, mk_vat, mr_nif, mx_rfc, my_frp, my_itn, my_sst, ng_tin, no_vat, no_voec, np_pan, nz_gst,
  om_vat, pe_ruc, ph_tin, pl_nip, py_ruc, ro_tin, rs_pib, ru_inn, ru_kpp, sa_vat, sg_gst, sg_uen,
  si_tin, sn_ninea, sr_fin, sv_nit, th_vat, tj_tin, tr_tin, tw_vat, tz_vat, ua_vat, ug_tin, us_ein,
  uy_ruc, uz_tin, uz_vat, ve_rif, vn_tin, za_vat, zm_tin, zw_tin)
$address = {city:str country:str line1:str line2:str postal_code:str state:str}
$shipping = {address!:$address name!:str phone:str}
$parcel = {address!:$address carrier:str name!:str phone:str tracking_number:str}
$billing_details = {address:$address|"" email:str|"" name:str|"" phone:str|"" tax_id:str}
$payment_method_type =
  enum(acss_debit, affirm, afterpay_clearpay, alipay, alma, amazon_pay, au_becs_debit, bacs_debit,
  bancontact, billie, bizum, blik, boleto, card, cashapp, crypto, custom, customer_balance, eps, fpx,
  giropay, grabpay, ideal, kakao_pay, klarna, konbini, kr_card, link, mb_way, mobilepay, multibanco,
  naver_pay, nz_bank_account, oxxo, p24, pay_by_bank, payco, paynow, paypal, payto, pix, promptpay,
  revolut_pay, samsung_pay, satispay, scalapay, sepa_debit, sofort, sunbit, swish, twint, upi,
  us_bank_account, wechat_pay, zip)
$shipping_details = {address!:$address name!:str phone:str|""}
$range = {gt:int gte:int lt:int lte:int}|int
$discounts = [{coupon:str discount:str promotion_code:str}]
$account = {account:str type!:enum(account,self)}
$automatic_tax = {enabled!:bool liability:$account}
$metadata = map<str>
$tax_behavior = enum(exclusive,inclusive,unspecified)
$interval = {interval!:$interval_unit interval_count:int}
$price_data =
  {currency!:cur product!:str tax_behavior:$tax_behavior unit_amount:int unit_amount_decimal:dec}
$recurring_price_data =
  {currency!:cur product!:str recurring!:$interval tax_behavior:$tax_behavior unit_amount:int
  unit_amount_decimal:dec}
$tiers =
  [{flat_amount:int flat_amount_decimal:dec unit_amount:int unit_amount_decimal:dec
  up_to!:enum(inf)|int}]
$custom_unit_amount = {enabled!:bool maximum:int minimum:int preset:int}
$billing_thresholds = {amount_gte:int reset_billing_cycle_anchor:bool}
$item_thresholds = {usage_gte!:int}
$period = {end!:time start!:time}
$billing_mode = {flexible:{proration_discounts:enum(included,itemized)} type!:enum(classic,flexible)}
$payment_behavior =
  enum(allow_incomplete,default_incomplete,error_if_incomplete,pending_if_incomplete)
$proration_behavior = enum(always_invoice,create_prorations,none)
$collection_method = enum(charge_automatically,send_invoice)
$tax_type =
  enum(amusement_tax, communications_tax, gst, hst, igst, jct, lease_tax, pst, qst, retail_delivery_fee,
  rst, sales_tax, service_tax, vat)
$interval_unit = enum(day,month,week,year)
$phase_add_items =
  [{discountable:bool discounts:$discounts metadata:$metadata period:{end!:{timestamp:time
  type!:enum(min_item_period_end,phase_end,timestamp)} start!:{timestamp:time
  type!:enum(max_item_period_start,phase_start,timestamp)}} price:str price_data:$price_data
  quantity:int tax_rates:[str]|""}]
$add_items =
  [{discountable:bool discounts:$discounts metadata:$metadata period:{end!:{timestamp:time
  type!:enum(min_item_period_end,timestamp)} start!:{timestamp:time
  type!:enum(max_item_period_start,now,timestamp)}} price:str price_data:$price_data quantity:int
  tax_rates:[str]|""}]
$schedule_invoice_settings = {account_tax_ids:[str]|"" days_until_due:int issuer:$account}
$transfer_percent = {amount_percent:num destination!:str}
$invoice_settings = {account_tax_ids:[str]|"" issuer:$account}
$line_product_data =
  {description:str<40000 images:[str] metadata:$metadata name!:str tax_code:str unit_label:str<12}
$line_price_data =
  {currency!:cur product:str product_data:$line_product_data tax_behavior:$tax_behavior unit_amount:int
  unit_amount_decimal:dec}
$tax_rate_data =
  {country:str description:str display_name!:str<100 inclusive!:bool jurisdiction:str<200
  jurisdiction_level:enum(city,country,county,district,multiple,state) percentage!:num state:str
  tax_type:$tax_type}
$taxability =
  enum(customer_exempt, not_collecting, not_subject_to_tax, not_supported, portion_product_exempt,
  portion_reduced_rated, portion_standard_rated, product_exempt, product_exempt_holiday,
  proportionally_rated, reduced_rated, reverse_charge, standard_rated, taxable_basis_reduced,
  zero_rated)
$tax_amounts =
  [{amount!:int tax_rate_data!:$tax_rate_data taxability_reason:$taxability taxable_amount!:int}]
$custom_fields = [{name!:str<40 value!:str<140}]
$currency_options =
  map<{custom_unit_amount:$custom_unit_amount tax_behavior:$tax_behavior tiers:$tiers unit_amount:int
  unit_amount_decimal:dec}>
$customer_invoice_settings =
  {custom_fields:$custom_fields|"" default_payment_method:str footer:str
  rendering_options:{amount_tax_display:enum("",exclude_tax,include_inclusive_tax) template:str}|""}
$rendering =
  {amount_tax_display:enum("",exclude_tax,include_inclusive_tax) pdf:{page_size:enum(a4,auto,letter)}
  template:str template_version:int|""}
$cancel_feedback =
  enum("", customer_service, low_quality, missing_features, other, switched_service, too_complex,
  too_expensive, unused)
$shipping_cost =
  {shipping_rate:str
  shipping_rate_data:{delivery_estimate:{maximum:{unit!:enum(business_day,day,hour,month,week)
  value!:int} minimum:{unit!:enum(business_day,day,hour,month,week) value!:int}} display_name!:str<100
  fixed_amount:{amount!:int currency!:cur currency_options:map<{amount!:int
  tax_behavior:$tax_behavior}>} metadata:$metadata tax_behavior:$tax_behavior tax_code:str
  type:enum(fixed_amount)}}
$credit_lines =
  [{amount:int description:str invoice_line_item:str metadata:$metadata quantity:int
  tax_amounts:[{amount!:int tax_rate!:str taxable_amount!:int}]|"" tax_rates:[str]|""
  type!:enum(custom_line_item,invoice_line_item) unit_amount:int unit_amount_decimal:dec}]
$credit_refunds =
  [{amount_refunded:int payment_record_refund:{payment_record!:str refund_group!:str} refund:str
  type:enum(payment_record_refund,refund)}]
$schedule_defaults =
  {application_fee_percent:num automatic_tax:$automatic_tax
  billing_cycle_anchor:enum(automatic,phase_start) billing_thresholds:$billing_thresholds|""
  collection_method:$collection_method default_payment_method:str description:str<500|""
  invoice_settings:$schedule_invoice_settings on_behalf_of:str|"" transfer_data:$transfer_percent|""}
"""
