import { openCodec } from '@tenseams/contracts/codec'
import { openTopicAggregate } from '@tenseams/event-store/topic-aggregate'
import { buildOrders, openShop } from '@tenseams/orders/app'
import { orderDecider } from '@tenseams/orders/domain/order'
import { orderStreams } from '@tenseams/orders/log'
import { readOrderSettings } from '@tenseams/orders/settings'
import { handleShipments, type Identity } from '@tenseams/orders/shipment-consumer'
import { runApp } from '@tenseams/service/run'

/**
 * Three guards keep a redelivered shipment from having a second effect, and each of them is enough: the inbox, the state
 * of the order, and the derived id of the event, which can be stored once. To see what the inbox does, the other two are
 * off: the state forgets that an order is completed, and an identity that this is given makes random event ids.
 */
export async function runBareOrders(identify: Identity): Promise<void> {
  const settings = readOrderSettings()
  const shop = openShop(settings)
  const codec = openCodec(settings.SCHEMA_REGISTRY_URL)
  const streams = { ...orderStreams, decider: forgetfulDecider }
  const log = await openTopicAggregate({ pool: shop, codec, ...streams })
  const handleShipment = handleShipments(log, codec, { identify })
  await runApp(await buildOrders(settings, { shop, codec, handleShipment }), settings)
}

const forgetfulDecider: typeof orderDecider = {
  ...orderDecider,
  evolve: (state, event) =>
    event.type === 'OrderCompleted' ? state : orderDecider.evolve(state, event),
}
