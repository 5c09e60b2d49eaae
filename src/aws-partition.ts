/** A part of AWS that shares accounts and names with no other. */
export interface AwsPartition {
  /** As it stands in an ARN. */
  readonly name: string;
  /** What the host names of its services end with. */
  readonly dnsSuffix: string;
  /** The same for hosts that answer by IPv6 as well. */
  readonly dualStackDnsSuffix: string;
}

const AWS: AwsPartition = { name: 'aws', dnsSuffix: 'amazonaws.com', dualStackDnsSuffix: 'api.aws' };

/** By what the names of its regions begin with; every other region is of `aws`. */
const OTHERS: readonly (readonly [prefix: string, partition: AwsPartition])[] = [
  ['cn-', partition('aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn')],
  ['us-gov-', partition('aws-us-gov', 'amazonaws.com', 'api.aws')],
  ['eusc-', partition('aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu')],
  ['us-iso-', partition('aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov')],
  ['us-isob-', partition('aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud')],
  ['us-isof-', partition('aws-iso-f', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov')],
  ['eu-isoe-', partition('aws-iso-e', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk')],
];

/** As the SDK has it, in a module that no command needs for its start. */
export function awsPartition(region: string): AwsPartition {
  return OTHERS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? AWS;
}

/** Whether AWS itself answers under that name. */
export function isAwsHost(host: string): boolean {
  return [AWS, ...OTHERS.map(([, other]) => other)].some(
    ({ dnsSuffix, dualStackDnsSuffix }) =>
      host.endsWith(`.${dnsSuffix}`) || host.endsWith(`.${dualStackDnsSuffix}`),
  );
}

/** The host of one of AWS's services in a region. */
export function awsServiceUrl(service: 's3' | 'sts', region: string): URL {
  return new URL(`https://${service}.${region}.${awsPartition(region).dnsSuffix}`);
}

function partition(name: string, dnsSuffix: string, dualStackDnsSuffix: string): AwsPartition {
  return { name, dnsSuffix, dualStackDnsSuffix };
}
