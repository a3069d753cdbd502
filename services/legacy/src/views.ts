import type { Order } from './order-table.ts'

/** An order as the interface shows it: the same form as that of the service orders. */
export function viewOf(order: Order) {
  const { paymentId, reason, shipmentId, refundedMinor, status } = order
  return {
    orderId: order.orderId,
    version: Number(order.version),
    status,
    customerId: order.customerId,
    currency: order.currency,
    totalMinor: Number(order.totalMinor),
    ...(paymentId !== null && { paymentId }),
    ...(reason !== null && { reason }),
    ...(status === 'cancelled' && { refundedMinor: Number(refundedMinor) }),
    ...(shipmentId !== null && { shipmentId }),
  }
}
